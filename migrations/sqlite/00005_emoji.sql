-- +goose Up
ALTER TABLE users ADD COLUMN emoji_tone INTEGER NOT NULL DEFAULT 0; -- the skin tone of the picker: 0 for none, 1 light to 5 dark

CREATE TABLE emoji_used (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  emoji   TEXT    NOT NULL,
  used_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, emoji)
) STRICT;
