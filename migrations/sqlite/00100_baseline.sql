-- +goose Up

-- The schema of the first release. Later migrations (101, 102, …) only add to it, so that nodes of two neighbouring
-- versions work together. Times are microseconds UTC; 0 means "not yet" or "never". An id of 0 means "none".

-- Accounts of people and bots. Deleting an account empties its name and e-mail address and disables it; the row stays
-- because messages refer to it.
CREATE TABLE users (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  name               TEXT    NOT NULL,            -- empty in a deleted account
  name_key           TEXT    NOT NULL,            -- name without case and accents, for search and sorting
  email              TEXT    NOT NULL,            -- as the person typed it
  email_key          TEXT    NOT NULL UNIQUE,     -- normalized e-mail address; bots and deleted accounts have a placeholder
  email_confirmed_at INTEGER NOT NULL DEFAULT 0,  -- when the person proved that the address is theirs
  password_hash      TEXT    NOT NULL,
  role               TEXT    NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'admin')),
  owner_id           INTEGER NOT NULL DEFAULT 0,  -- the person who owns this bot; 0 for a person
  avatar_file_id     INTEGER NOT NULL DEFAULT 0,  -- the file with their picture
  locale             TEXT    NOT NULL DEFAULT '', -- chosen language; empty means that of the browser
  browser_locale     TEXT    NOT NULL DEFAULT '', -- language of e-mail and pushes where locale is empty
  theme              TEXT    NOT NULL DEFAULT '', -- chosen color theme; empty means that of the browser
  sound_enabled      INTEGER NOT NULL DEFAULT 0,  -- whether new messages play a sound
  skin_tone          INTEGER NOT NULL DEFAULT 0,  -- of the emoji picker: 0 none, 1 light to 5 dark
  email_digest       TEXT    NOT NULL DEFAULT 'hour' CHECK (email_digest IN ('off', 'soon', 'hour', 'day')), -- how soon unread messages are e-mailed
  ntfy_topic         TEXT    NOT NULL DEFAULT '', -- where pushes go; empty means no pushes
  push_rooms         INTEGER NOT NULL DEFAULT 0,  -- whether pushes cover rooms too, not only direct messages
  push_include_text  INTEGER NOT NULL DEFAULT 0,  -- whether pushes contain the text of messages
  created_at         INTEGER NOT NULL,
  disabled_at        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX users_name ON users (name_key, id);
CREATE INDEX users_owner ON users (owner_id) WHERE owner_id > 0;
CREATE INDEX users_disabled ON users (disabled_at) WHERE disabled_at > 0;
CREATE INDEX users_push ON users (id) WHERE ntfy_topic <> '';

-- Signed-in browsers, programs and bots. Ended sessions stay for a while, so that every node notices that they ended.
CREATE TABLE sessions (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  hash       TEXT    NOT NULL UNIQUE, -- SHA-256 of the session token, hex; of a program: of the constant part of its refresh tokens
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  kind       TEXT    NOT NULL DEFAULT 'browser' CHECK (kind IN ('browser', 'program', 'bot')),
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL,        -- last use, to the minute
  expires_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL DEFAULT 0,
  user_agent TEXT    NOT NULL DEFAULT '',
  ip         TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at > 0;
CREATE INDEX sessions_expires ON sessions (expires_at);

-- The current refresh token of each program's session.
CREATE TABLE refresh_tokens (
  session_id    INTEGER PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
  hash          TEXT    NOT NULL,            -- SHA-256 of the changing part of the token, hex
  previous_hash TEXT    NOT NULL DEFAULT '', -- hash of the token before it, which works for a moment longer
  rotated_at    INTEGER NOT NULL
) STRICT;

-- Keys that sign access tokens. The newest signs; the one before it is still accepted.
CREATE TABLE signing_keys (
  id         INTEGER PRIMARY KEY, -- counts up
  value      BLOB    NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

-- Random secrets shared by all nodes, by purpose.
CREATE TABLE secrets (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;

-- Channels and direct conversations. Room 1 is General, which everybody joins.
CREATE TABLE rooms (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  kind               TEXT    NOT NULL CHECK (kind IN ('direct', 'channel')),
  name               TEXT    NOT NULL DEFAULT '', -- empty in a direct conversation
  name_key           TEXT    NOT NULL DEFAULT '', -- name without case and accents, for search and sorting
  access             TEXT    NOT NULL DEFAULT 'invited' CHECK (access IN ('open', 'invited')),
  pair_low           INTEGER REFERENCES users (id), -- the two members of a direct conversation, lower id first;
  pair_high          INTEGER REFERENCES users (id), -- both the same in personal notes; both null in a channel
  last_seq           INTEGER NOT NULL DEFAULT 0,  -- seq of the last change; updating it locks the room
  last_author_id     INTEGER NOT NULL DEFAULT 0,  -- author and time of the last message and of the one before it:
  last_posted_at     INTEGER NOT NULL DEFAULT 0,  -- posting a message needs nothing else, because it locks this row
  previous_author_id INTEGER NOT NULL DEFAULT 0,
  previous_posted_at INTEGER NOT NULL DEFAULT 0,
  created_at         INTEGER NOT NULL,
  UNIQUE (pair_low, pair_high),
  CHECK ((kind = 'direct') = (pair_low IS NOT NULL AND pair_high IS NOT NULL)),
  CHECK (pair_low <= pair_high)
) STRICT;
-- Names of open channels are unique. Others may repeat: a conflict would reveal that a private room has the name.
CREATE UNIQUE INDEX rooms_open ON rooms (name_key) WHERE kind = 'channel' AND access = 'open';
INSERT INTO rooms (kind, name, name_key, access, created_at) VALUES ('channel', 'General', 'general', 'open', 0);

-- Who is in which room.
CREATE TABLE members (
  room_id     INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  user_id     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role        TEXT    NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'owner')),
  joined_seq  INTEGER NOT NULL DEFAULT 0, -- seq of joining; 0 in a direct conversation, which starts with both members
  read_seq    INTEGER NOT NULL DEFAULT 0, -- read marker: messages up to this seq are read
  emailed_seq INTEGER NOT NULL DEFAULT 0, -- messages up to this seq were in an e-mail digest
  pushed_seq  INTEGER NOT NULL DEFAULT 0, -- above read_seq: a push has announced that there are unread messages
  PRIMARY KEY (room_id, user_id)
) STRICT;
CREATE INDEX members_user ON members (user_id, room_id);

-- Who left which room or was removed from it.
CREATE TABLE departures (
  room_id         INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  seq             INTEGER NOT NULL,           -- seq of this change in the room
  user_id         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  removed_by_id   INTEGER NOT NULL,           -- the person who removed them; user_id if they left
  departed_at     INTEGER NOT NULL,
  account_deleted INTEGER NOT NULL DEFAULT 0, -- they deleted their account; recorded even if they had left the room before
  PRIMARY KEY (room_id, seq)
) STRICT;
CREATE INDEX departures_room ON departures (room_id, user_id, seq);
CREATE INDEX departures_user ON departures (user_id, room_id);
CREATE INDEX departures_time ON departures (departed_at, room_id, seq);

-- Messages. A deleted message stays as a row without text.
CREATE TABLE messages (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  room_id        INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  seq            INTEGER NOT NULL,           -- its position in the room; never changes
  changed_seq    INTEGER NOT NULL,           -- seq of its last change
  author_id      INTEGER NOT NULL REFERENCES users (id),
  key            TEXT    NOT NULL,           -- idempotency key from the sender: the same key again is the same message
  content_digest TEXT    NOT NULL,           -- digest of what was sent under the key, also after edits
  body           TEXT    NOT NULL,           -- text as written
  html           TEXT    NOT NULL,           -- body rendered to safe HTML
  file_count     INTEGER NOT NULL DEFAULT 0, -- number of its attachments
  starts_group   INTEGER NOT NULL,           -- shown with author and time: not a quick continuation by the same author
  starts_day     INTEGER NOT NULL,           -- first message of a day
  posted_at      INTEGER NOT NULL,
  edited_at      INTEGER NOT NULL DEFAULT 0,
  deleted_at     INTEGER NOT NULL DEFAULT 0,
  UNIQUE (room_id, seq),
  UNIQUE (author_id, key),
  CHECK (changed_seq >= seq)
) STRICT;
CREATE INDEX messages_changed ON messages (room_id, changed_seq);
CREATE INDEX messages_unread ON messages (room_id, seq, author_id) WHERE deleted_at = 0;

-- Emoji reactions to messages.
CREATE TABLE reactions (
  message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  emoji      TEXT    NOT NULL,
  seq        INTEGER NOT NULL, -- seq of this change in the room; sorts the reactions to a message
  PRIMARY KEY (message_id, user_id, emoji)
) STRICT;
CREATE INDEX reactions_user ON reactions (user_id, message_id, emoji);

-- Emoji that a person used lately, for the picker.
CREATE TABLE recent_emoji (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  emoji   TEXT    NOT NULL,
  used_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, emoji)
) STRICT;

-- Unfinished messages, one per person and conversation.
CREATE TABLE drafts (
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  room_id    INTEGER NOT NULL, -- the channel, or 0
  peer_id    INTEGER NOT NULL, -- the other person of a direct conversation, which may have no room yet, or 0
  key        TEXT    NOT NULL, -- idempotency key of the message that it will become
  body       TEXT    NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, room_id, peer_id)
) STRICT;

-- Contents of files in the blob store. Files with the same bytes share a blob.
CREATE TABLE blobs (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  object     TEXT    NOT NULL UNIQUE, -- name in the blob store
  hash       TEXT    NOT NULL UNIQUE, -- SHA-256 of the bytes as uploaded, hex
  type       TEXT    NOT NULL,        -- media type
  size       INTEGER NOT NULL,        -- bytes
  width      INTEGER NOT NULL,        -- pixels; 0 if it is not a picture
  height     INTEGER NOT NULL,
  animated   INTEGER NOT NULL,        -- an animated picture
  created_at INTEGER NOT NULL
) STRICT;

-- Uploaded files: attachments of messages, attachments of unfinished messages, and pictures of people.
CREATE TABLE files (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  blob_id    INTEGER NOT NULL REFERENCES blobs (id),
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- who uploaded it
  name       TEXT    NOT NULL,
  alt        TEXT    NOT NULL DEFAULT '', -- description for those who cannot see it
  room_id    INTEGER NOT NULL DEFAULT 0,  -- conversation of the unfinished message, as in drafts
  peer_id    INTEGER NOT NULL DEFAULT 0,
  message_id INTEGER REFERENCES messages (id) ON DELETE CASCADE, -- null until its message is sent
  position   INTEGER NOT NULL DEFAULT 0,  -- order within the message
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX files_message ON files (message_id, position) WHERE message_id IS NOT NULL;
CREATE INDEX files_blob ON files (blob_id);
CREATE INDEX files_user ON files (user_id);
CREATE INDEX files_unattached ON files (created_at) WHERE message_id IS NULL;
CREATE INDEX files_composer ON files (user_id, room_id, peer_id) WHERE message_id IS NULL;

-- URLs with which other systems post into a room as a bot.
CREATE TABLE webhooks (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  hash       TEXT    NOT NULL UNIQUE, -- SHA-256 of the secret in the URL, hex
  bot_id     INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX webhooks_bot ON webhooks (bot_id);

-- Sign-ups that wait until the person confirms their e-mail address. One address may have several.
CREATE TABLE pending_registrations (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  name           TEXT    NOT NULL,
  email          TEXT    NOT NULL,
  email_key      TEXT    NOT NULL, -- normalized e-mail address
  password_hash  TEXT    NOT NULL,
  browser_locale TEXT    NOT NULL,
  created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX pending_registrations_email ON pending_registrations (email_key, id);
CREATE INDEX pending_registrations_created ON pending_registrations (created_at);

-- Single-use tokens of links in e-mails. A token is generated when its e-mail is sent; only its hash is stored.
CREATE TABLE email_tokens (
  hash            TEXT    PRIMARY KEY, -- SHA-256 of the token, hex
  kind            TEXT    NOT NULL CHECK (kind IN ('signup', 'password_reset', 'email_change')),
  registration_id INTEGER REFERENCES pending_registrations (id) ON DELETE CASCADE, -- what it confirms
  user_id         INTEGER REFERENCES users (id) ON DELETE CASCADE, -- whose password or address it changes
  email           TEXT    NOT NULL,    -- the new address
  expires_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX email_tokens_user ON email_tokens (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX email_tokens_registration ON email_tokens (registration_id) WHERE registration_id IS NOT NULL;
CREATE INDEX email_tokens_expires ON email_tokens (expires_at);

-- Queue of e-mails and pushes to send. Sent ones are deleted; failed ones stay for a week.
CREATE TABLE notifications (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  medium          TEXT    NOT NULL CHECK (medium IN ('email', 'push')),
  kind            TEXT    NOT NULL,
  user_id         INTEGER REFERENCES users (id) ON DELETE CASCADE,
  subject_id      INTEGER NOT NULL DEFAULT 0,  -- the pending registration or the room that it is about
  address         TEXT    NOT NULL DEFAULT '', -- recipient, where that is not the user's own address
  locale          TEXT    NOT NULL DEFAULT '', -- language, where there is no user
  away_since      INTEGER NOT NULL DEFAULT 0,  -- of a digest: as in unread_digests
  created_at      INTEGER NOT NULL,
  next_attempt_at INTEGER NOT NULL,            -- when to try it next; while a worker tries it, when others may
  attempts        INTEGER NOT NULL DEFAULT 0,
  last_error      TEXT    NOT NULL DEFAULT '',
  failed_at       INTEGER NOT NULL DEFAULT 0   -- when the last attempt failed for good
) STRICT;
CREATE INDEX notifications_due ON notifications (medium, next_attempt_at, id) WHERE failed_at = 0;
CREATE INDEX notifications_user ON notifications (user_id) WHERE user_id IS NOT NULL;

-- Scheduled e-mail digests, for people with unread messages.
CREATE TABLE unread_digests (
  user_id    INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  away_since INTEGER NOT NULL, -- time of the latest message; a person seen after it gets no digest
  due_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX unread_digests_due ON unread_digests (due_at, user_id);

-- How far new messages have been scanned for digests and pushes. One node scans at a time.
CREATE TABLE scan_cursors (
  medium         TEXT    PRIMARY KEY,
  claimed_until  INTEGER NOT NULL, -- no other node scans before this time
  cursor         INTEGER NOT NULL, -- id of a message; messages after it are still to scan
  next_cursor    INTEGER NOT NULL, -- becomes the cursor once everything before it is committed
  next_cursor_at INTEGER NOT NULL  -- when next_cursor was set
) STRICT;
INSERT INTO scan_cursors (medium, claimed_until, cursor, next_cursor, next_cursor_at)
VALUES ('email', 0, 0, 0, 0), ('push', 0, 0, 0, 0);

-- What is left to do after accounts were deleted, by room.
CREATE TABLE erasure_jobs (
  user_id            INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  room_id            INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  departure_recorded INTEGER NOT NULL,           -- the departure with account_deleted is stored
  erase_messages     INTEGER NOT NULL,           -- erase their messages and reactions in the room
  erased_through     INTEGER NOT NULL DEFAULT 0, -- messages up to this seq are erased
  PRIMARY KEY (user_id, room_id)
) STRICT;

-- Running nodes.
CREATE TABLE nodes (
  id        TEXT    PRIMARY KEY, -- new at each start
  seen_at   INTEGER NOT NULL,    -- last heartbeat
  has_relay INTEGER NOT NULL     -- whether it announces its changes to the other nodes over NATS
) STRICT;
CREATE INDEX nodes_seen ON nodes (seen_at);
