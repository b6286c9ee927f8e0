-- +goose Up
CREATE TABLE nodes (
  id      TEXT    PRIMARY KEY, -- new at each start
  seen_at INTEGER NOT NULL,
  relay   INTEGER NOT NULL     -- whether it tells the others what happens on it
) STRICT;
CREATE INDEX nodes_seen ON nodes (seen_at);
