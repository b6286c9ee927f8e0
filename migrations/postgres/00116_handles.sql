-- +goose Up

-- The name by which a user is mentioned, such as ana. It is empty in a deleted account. Accounts from before this
-- migration get one when the server starts, because SQL cannot derive it from a name.
ALTER TABLE users ADD COLUMN handle TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN handle_key TEXT NOT NULL DEFAULT ''; -- handle as it is compared: without accents, look-alike letters as Latin
CREATE UNIQUE INDEX users_handle ON users (handle_key) WHERE handle_key <> '';
CREATE INDEX users_without_handle ON users (id) WHERE handle_key = '' AND name <> '';

-- Handles that somebody gave up. For some time nobody else can take them.
CREATE TABLE freed_handles (
  hash     TEXT   PRIMARY KEY,  -- SHA-256 of handle_key, hex, because a deleted account leaves no readable name
  user_id  BIGINT NOT NULL,     -- who gave it up
  freed_at BIGINT NOT NULL
);
CREATE INDEX freed_handles_time ON freed_handles (freed_at);
