-- +goose Up
CREATE TABLE drafts (
  user_id    BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  room_id    BIGINT NOT NULL, -- a channel, or 0
  peer_id    BIGINT NOT NULL, -- the other person of a direct conversation, which may not have begun, or 0
  key        TEXT   NOT NULL, -- of the message that it will be
  body       TEXT   NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, room_id, peer_id)
);
