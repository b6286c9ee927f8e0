-- +goose Up
-- What is kept in the vault, once for the same bytes.
CREATE TABLE contents (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  object     TEXT    NOT NULL UNIQUE, -- its name in the vault
  hash       TEXT    NOT NULL UNIQUE, -- SHA-256 of the bytes as they came, hex
  type       TEXT    NOT NULL,
  size       INTEGER NOT NULL, -- bytes
  width      INTEGER NOT NULL, -- pixels, of a picture
  height     INTEGER NOT NULL,
  moves      INTEGER NOT NULL, -- an animated picture
  created_at INTEGER NOT NULL
) STRICT;

-- Whose it is, what it is called, and where it is: in a message, in a box for writing, or a person's picture.
CREATE TABLE files (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  content_id INTEGER NOT NULL REFERENCES contents (id),
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name       TEXT    NOT NULL,
  alt        TEXT    NOT NULL DEFAULT '',
  room_id    INTEGER NOT NULL DEFAULT 0, -- the conversation in whose box it waits, like that of a draft
  peer_id    INTEGER NOT NULL DEFAULT 0,
  message_id INTEGER REFERENCES messages (id) ON DELETE CASCADE, -- null until it is sent
  position   INTEGER NOT NULL DEFAULT 0, -- in its message
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX files_message ON files (message_id, position) WHERE message_id IS NOT NULL;
CREATE INDEX files_content ON files (content_id);
CREATE INDEX files_user ON files (user_id);
CREATE INDEX files_waiting ON files (created_at) WHERE message_id IS NULL;

ALTER TABLE messages ADD COLUMN files INTEGER NOT NULL DEFAULT 0; -- how many it has
ALTER TABLE users ADD COLUMN avatar INTEGER NOT NULL DEFAULT 0; -- the file that is their picture, or 0
