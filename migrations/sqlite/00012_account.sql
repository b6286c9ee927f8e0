-- +goose Up
-- Who deleted their account has no name any more, and is disabled since then: their row stays for what they leave behind.
ALTER TABLE users ADD COLUMN sound INTEGER NOT NULL DEFAULT 0; -- whether a sound tells of messages

ALTER TABLE departures ADD COLUMN for_good INTEGER NOT NULL DEFAULT 0; -- with the account, also of who had left the room before
CREATE INDEX departures_person ON departures (user_id, room_id);
CREATE INDEX reactions_user ON reactions (user_id, message_id, emoji);

-- What is left to do of the deletion of accounts.
CREATE TABLE erasures (
  user_id  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  room_id  INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  departed INTEGER NOT NULL, -- the departure for good is noted
  words    INTEGER NOT NULL, -- what they wrote goes, and their reactions
  seq      INTEGER NOT NULL DEFAULT 0, -- up to here it is gone
  PRIMARY KEY (user_id, room_id)
) STRICT;
