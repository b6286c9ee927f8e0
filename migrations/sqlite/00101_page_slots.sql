-- +goose Up

-- Which page of a browser uses which entry of the browser's storage. A session has 64 slots, numbered from 0. The page
-- with slot N keeps what it has not sent yet under the name charla-USER-slot-N, and no other living page writes there.
CREATE TABLE page_slots (
  session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  slot       INTEGER NOT NULL,
  page       TEXT    NOT NULL, -- random name of the page that has the slot
  used_at    INTEGER NOT NULL, -- when the page was rendered or, to the minute, last heard of
  PRIMARY KEY (session_id, slot)
) STRICT;
