-- +goose Up

-- Applications of people who want an account, while an admin decides about each. An approved one becomes an account.
CREATE TABLE applications (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  name           TEXT    NOT NULL,
  email          TEXT    NOT NULL,
  email_key      TEXT    NOT NULL UNIQUE, -- normalized e-mail address
  password_hash  TEXT    NOT NULL,
  browser_locale TEXT    NOT NULL,
  reason         TEXT    NOT NULL,        -- why the person wants an account
  created_at     INTEGER NOT NULL,
  confirmed_at   INTEGER NOT NULL,        -- when the address was confirmed; 0 if this server sends no e-mail
  rejected_at    INTEGER NOT NULL DEFAULT 0, -- 0 while it is open
  message        TEXT    NOT NULL DEFAULT '' -- what the admin who rejected it wrote
) STRICT;

-- Why the person wants an account; empty if nobody asked.
ALTER TABLE pending_registrations ADD COLUMN reason TEXT NOT NULL DEFAULT '';
-- What an admin wrote to the recipient.
ALTER TABLE notifications ADD COLUMN message TEXT NOT NULL DEFAULT '';
