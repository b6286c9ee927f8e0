-- +goose Up

-- Messages that are pinned in their room, for everybody in it.
CREATE TABLE pins (
  message_id INTEGER NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  seq        INTEGER NOT NULL, -- number of the change in the room that pinned it; the order of the list
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- who pinned it
  pinned_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX pins_room ON pins (room_id, seq);
CREATE INDEX pins_user ON pins (user_id);
