-- +goose Up
-- A digest of what was sent under the key: what the text was before it was edited or deleted is not kept. Empty in rows from before.
ALTER TABLE messages ADD COLUMN sent TEXT NOT NULL DEFAULT '';
