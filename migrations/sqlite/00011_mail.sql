-- +goose Up
ALTER TABLE users ADD COLUMN confirmed_at INTEGER NOT NULL DEFAULT 0;  -- when the address was found to be theirs; 0: nobody asked
ALTER TABLE users ADD COLUMN spoken       TEXT NOT NULL DEFAULT '';    -- the language of letters where locale is empty: their browser's
ALTER TABLE users ADD COLUMN mail         TEXT NOT NULL DEFAULT 'hour' CHECK (mail IN ('off', 'soon', 'hour', 'day')); -- when unread messages are told by mail
ALTER TABLE users ADD COLUMN push_topic   TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN push_rooms   INTEGER NOT NULL DEFAULT 0; -- rooms too, not only people
ALTER TABLE users ADD COLUMN push_text    INTEGER NOT NULL DEFAULT 0; -- with what was written
CREATE INDEX users_push ON users (id) WHERE push_topic <> '';

ALTER TABLE members ADD COLUMN mailed_seq INTEGER NOT NULL DEFAULT 0; -- up to here a letter told of it
ALTER TABLE members ADD COLUMN pushed_seq INTEGER NOT NULL DEFAULT 0; -- beyond read_seq: a push told that there is something

-- Who registered while mail is on, until they show that the address is theirs. Several may wait for one address.
CREATE TABLE registrations (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  name          TEXT NOT NULL,
  email         TEXT NOT NULL,
  email_key     TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  locale        TEXT NOT NULL, -- of the browser
  created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX registrations_email ON registrations (email_key, id);
CREATE INDEX registrations_created ON registrations (created_at);

-- What a link in a letter may do, once. It is made when the letter is sent and stored nowhere else.
CREATE TABLE tickets (
  hash            TEXT PRIMARY KEY, -- SHA-256 of the token, hex
  kind            TEXT NOT NULL CHECK (kind IN ('confirm', 'reset', 'move')),
  registration_id INTEGER REFERENCES registrations (id) ON DELETE CASCADE, -- that it confirms
  user_id         INTEGER REFERENCES users (id) ON DELETE CASCADE,         -- whose password or address it changes
  email           TEXT NOT NULL,                                          -- the new address
  expires_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX tickets_user ON tickets (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX tickets_registration ON tickets (registration_id) WHERE registration_id IS NOT NULL;
CREATE INDEX tickets_expires ON tickets (expires_at);

-- What is to be told outside of the page. What was told is deleted; what could not be told stays a week.
CREATE TABLE outbox (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  road       TEXT NOT NULL CHECK (road IN ('mail', 'push')),
  kind       TEXT NOT NULL,
  user_id    INTEGER REFERENCES users (id) ON DELETE CASCADE,
  ref        INTEGER NOT NULL DEFAULT 0,  -- the registration or room that it is about
  address    TEXT NOT NULL DEFAULT '',    -- where that is not the person's own
  locale     TEXT NOT NULL DEFAULT '',    -- of who asked and is nobody yet
  since      INTEGER NOT NULL DEFAULT 0,  -- the person was away since
  created_at INTEGER NOT NULL,
  next_at    INTEGER NOT NULL,            -- when it is tried next, or until when somebody has it in hand
  attempts   INTEGER NOT NULL DEFAULT 0,
  error      TEXT NOT NULL DEFAULT '',    -- of the last attempt
  gave_up_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_next ON outbox (road, next_at, id) WHERE gave_up_at = 0;
CREATE INDEX outbox_user ON outbox (user_id) WHERE user_id IS NOT NULL;

-- People with something unread, and when a letter tells them.
CREATE TABLE alerts (
  user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  since   INTEGER NOT NULL, -- of the first message
  due_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX alerts_due ON alerts (due_at, user_id);

-- How far new messages were looked through for what to tell. One node looks at a time.
CREATE TABLE looks (
  name      TEXT PRIMARY KEY,
  until     INTEGER NOT NULL, -- nobody else looks before
  cursor    INTEGER NOT NULL, -- the id of a message
  mark      INTEGER NOT NULL, -- the cursor to be, when all before it is committed
  marked_at INTEGER NOT NULL
) STRICT;
INSERT INTO looks (name, until, cursor, mark, marked_at) VALUES ('mail', 0, 0, 0, 0), ('push', 0, 0, 0, 0);
