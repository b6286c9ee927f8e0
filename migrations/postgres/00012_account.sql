-- +goose Up
-- Who deleted their account has no name any more, and is disabled since then: their row stays for what they leave behind.
ALTER TABLE users ADD COLUMN sound BOOLEAN NOT NULL DEFAULT FALSE; -- whether a sound tells of messages

ALTER TABLE departures ADD COLUMN for_good BOOLEAN NOT NULL DEFAULT FALSE; -- with the account, also of who had left the room before
CREATE INDEX departures_person ON departures (user_id, room_id);
CREATE INDEX reactions_user ON reactions (user_id, message_id, emoji);

-- What is left to do of the deletion of accounts.
CREATE TABLE erasures (
  user_id  BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  room_id  BIGINT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  departed BOOLEAN NOT NULL, -- the departure for good is noted
  words    BOOLEAN NOT NULL, -- what they wrote goes, and their reactions
  seq      BIGINT NOT NULL DEFAULT 0, -- up to here it is gone
  PRIMARY KEY (user_id, room_id)
);
