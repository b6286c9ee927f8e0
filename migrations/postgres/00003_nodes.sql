-- +goose Up
CREATE TABLE nodes (
  id      TEXT    PRIMARY KEY, -- new at each start
  seen_at BIGINT  NOT NULL,
  relay   BOOLEAN NOT NULL     -- whether it tells the others what happens on it
);
CREATE INDEX nodes_seen ON nodes (seen_at);
