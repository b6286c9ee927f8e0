-- +goose Up
ALTER TABLE users ADD COLUMN owner_id INTEGER NOT NULL DEFAULT 0; -- whose bot it is; 0 for a person
CREATE INDEX users_owner ON users (owner_id) WHERE owner_id > 0;
ALTER TABLE sessions ADD COLUMN kind TEXT NOT NULL DEFAULT 'browser' CHECK (kind IN ('browser', 'program', 'bot'));

-- What renews a program's session. Its session's own hash is that of the part that all its refresh tokens share.
CREATE TABLE tokens (
  session_id INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
  hash       TEXT    NOT NULL,            -- SHA-256 of the rest of the refresh token, hex
  previous   TEXT    NOT NULL DEFAULT '', -- of the one before
  rotated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE token_keys (
  id         INTEGER PRIMARY KEY, -- counts up; the newest signs
  value      BLOB    NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE hooks (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  hash       TEXT    NOT NULL UNIQUE, -- SHA-256 of the secret in its address, hex
  bot_id     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX hooks_bot ON hooks (bot_id);
