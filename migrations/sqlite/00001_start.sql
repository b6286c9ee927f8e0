-- +goose Up
CREATE TABLE users (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  name          TEXT   NOT NULL,
  name_key      TEXT   NOT NULL, -- folded for searching: no case, no accents
  email         TEXT   NOT NULL,
  email_key     TEXT   NOT NULL UNIQUE,
  password_hash TEXT   NOT NULL,
  locale        TEXT   NOT NULL DEFAULT '',
  theme         TEXT   NOT NULL DEFAULT '',
  role          TEXT   NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'admin')),
  created_at    INTEGER NOT NULL,
  disabled_at   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX users_name_key ON users (name_key, id);
CREATE INDEX users_disabled ON users (disabled_at) WHERE disabled_at > 0;

CREATE TABLE sessions (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  hash       TEXT   NOT NULL UNIQUE, -- SHA-256 of the token, hex
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL DEFAULT 0,
  user_agent TEXT   NOT NULL DEFAULT '',
  ip         TEXT   NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at > 0;
CREATE INDEX sessions_expires ON sessions (expires_at);

CREATE TABLE rooms (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  kind           TEXT   NOT NULL CHECK (kind IN ('direct', 'channel')),
  name           TEXT   NOT NULL DEFAULT '',
  topic          TEXT   NOT NULL DEFAULT '',
  pair_low       INTEGER REFERENCES users (id), -- a direct room belongs to this pair; both null in a channel
  pair_high      INTEGER REFERENCES users (id),
  last_seq       INTEGER NOT NULL DEFAULT 0,    -- how many changes this room has seen
  created_at     INTEGER NOT NULL,
  UNIQUE (pair_low, pair_high),
  CHECK ((kind = 'direct') = (pair_low IS NOT NULL AND pair_high IS NOT NULL)),
  CHECK (pair_low <= pair_high)
) STRICT;

CREATE TABLE members (
  room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role       TEXT   NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'owner')),
  joined_seq INTEGER NOT NULL DEFAULT 0, -- the number this joining took; 0 in a direct room, which begins with both
  read_seq   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (room_id, user_id)
) STRICT;
CREATE INDEX members_user ON members (user_id, room_id);

CREATE TABLE messages (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  room_id     INTEGER  NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  seq         INTEGER  NOT NULL, -- its place in the room, for ever
  changed_seq INTEGER  NOT NULL, -- the number of its last change
  author_id   INTEGER  NOT NULL REFERENCES users (id),
  key         TEXT    NOT NULL, -- chosen by the sender: the same key again is the same message
  body        TEXT    NOT NULL,
  html        TEXT    NOT NULL,
  reply_to    INTEGER  REFERENCES messages (id),
  posted_at   INTEGER  NOT NULL,
  edited_at   INTEGER  NOT NULL DEFAULT 0,
  deleted_at  INTEGER  NOT NULL DEFAULT 0,
  leads       INTEGER NOT NULL,
  opens_day   INTEGER NOT NULL,
  UNIQUE (room_id, seq),
  UNIQUE (author_id, key),
  CHECK (changed_seq >= seq)
) STRICT;
CREATE INDEX messages_changed ON messages (room_id, changed_seq);
CREATE INDEX messages_unread ON messages (room_id, seq, author_id) WHERE deleted_at = 0;

CREATE TABLE secrets (
  name  TEXT  PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;

INSERT INTO rooms (kind, name, created_at) VALUES ('channel', 'General', 0);
