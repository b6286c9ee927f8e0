-- +goose Up
ALTER TABLE rooms ADD COLUMN access TEXT NOT NULL DEFAULT 'invited' CHECK (access IN ('open', 'invited'));
ALTER TABLE rooms ADD COLUMN name_key TEXT NOT NULL DEFAULT ''; -- folded for searching, as in users
UPDATE rooms SET access = 'open', name_key = 'general' WHERE kind = 'channel';
-- Only open rooms: that a room by invitation has a name already taken would tell an outsider of it.
CREATE UNIQUE INDEX rooms_open ON rooms (name_key) WHERE kind = 'channel' AND access = 'open';

CREATE TABLE departures (
  room_id INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  seq     INTEGER NOT NULL, -- the number that this departure took
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  by_id   INTEGER NOT NULL, -- who removed them, or they themselves
  at      INTEGER NOT NULL,
  PRIMARY KEY (room_id, seq)
) STRICT;
CREATE INDEX departures_user ON departures (room_id, user_id, seq);
CREATE INDEX departures_at ON departures (at, room_id, seq);
