-- +goose Up

-- Messages that are pinned in their room, for everybody in it.
CREATE TABLE pins (
  message_id BIGINT  NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  room_id    BIGINT  NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  seq        BIGINT  NOT NULL, -- number of the change in the room that pinned it; the order of the list
  user_id    BIGINT  NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- who pinned it
  pinned_at  BIGINT  NOT NULL
);
CREATE INDEX pins_room ON pins (room_id, seq);
CREATE INDEX pins_user ON pins (user_id);
