-- +goose Up

-- The settings of the community, in one row. A column may_… has the lowest role that may do something.
CREATE TABLE community (
  id             INTEGER PRIMARY KEY CHECK (id = 1),
  name           TEXT    NOT NULL DEFAULT 'Charla', -- in titles, e-mails and pushes
  welcome        TEXT    NOT NULL DEFAULT '',       -- text on the sign-in page; empty for none
  registration   TEXT    NOT NULL DEFAULT 'open' CHECK (registration IN ('open', 'invited', 'approval', 'closed')),
  email_domains  TEXT    NOT NULL DEFAULT '',       -- of addresses that may register, with spaces between; empty for all
  may_make_rooms TEXT    NOT NULL DEFAULT 'member',
  may_invite     TEXT    NOT NULL DEFAULT 'admin',  -- new people into the community
  may_notify_all TEXT    NOT NULL DEFAULT 'member', -- mention everybody in a room at once
  may_pin        TEXT    NOT NULL DEFAULT 'member'  -- pin messages
) STRICT;
INSERT INTO community (id) VALUES (1);
