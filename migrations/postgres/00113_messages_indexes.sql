-- +goose Up

-- Fewer indexes that a post writes: three indexes of messages become two smaller ones.
-- The order of a room's messages, with all that counting unread messages and finding changes needs.
CREATE UNIQUE INDEX messages_position ON messages (room_id, seq) INCLUDE (author_id, deleted_at, changed_seq);
-- Only messages that were changed after they were posted.
CREATE INDEX messages_edited ON messages (room_id, changed_seq) WHERE changed_seq > seq;
ALTER TABLE messages DROP CONSTRAINT messages_room_id_seq_key;
DROP INDEX messages_unread;
DROP INDEX messages_changed;

-- SQLite has no sequences and finds the next id with a query of its own.
CREATE VIEW next_message_id AS
SELECT nextval('messages_id_seq') AS id;
