-- +goose Up
CREATE TABLE reactions (
  message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  emoji      TEXT NOT NULL,
  seq        INTEGER NOT NULL, -- the number that it took in the room: their order
  PRIMARY KEY (message_id, user_id, emoji)
) STRICT;
