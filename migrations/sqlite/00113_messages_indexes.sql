-- +goose Up

-- Fewer pages that a post writes: three indexes of messages become two smaller ones, and the next id is no longer counted
-- in a table of its own. SQLite cannot drop the constraint UNIQUE (room_id, seq) or the word AUTOINCREMENT, so this
-- changes the stored text of the table, as its documentation describes (ALTER TABLE, section 8). The index of the constraint becomes an
-- ordinary one, which is then dropped; the index of the other constraint takes the name that SQLite expects.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql, ' AUTOINCREMENT', ''), 'UNIQUE (room_id, seq),', '')
WHERE type = 'table' AND name = 'messages';
UPDATE sqlite_schema SET name = 'messages_old', sql = 'CREATE UNIQUE INDEX messages_old ON messages (room_id, seq)'
WHERE type = 'index' AND name = 'sqlite_autoindex_messages_1';
UPDATE sqlite_schema SET name = 'sqlite_autoindex_messages_1'
WHERE type = 'index' AND name = 'sqlite_autoindex_messages_2';
PRAGMA writable_schema = RESET;

-- The order of a room's messages, with all that counting unread messages and finding changes needs.
CREATE INDEX messages_position ON messages (room_id, seq, author_id, deleted_at, changed_seq);
-- Only messages that were changed after they were posted.
CREATE INDEX messages_edited ON messages (room_id, changed_seq) WHERE changed_seq > seq;
DROP INDEX messages_old;
DROP INDEX messages_unread;
DROP INDEX messages_changed;

-- Ids are never used again, even if the newest messages were deleted with their room: sqlite_sequence keeps the highest
-- id that was deleted.
INSERT INTO sqlite_sequence (name, seq)
SELECT 'messages', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'messages');
-- +goose StatementBegin
CREATE TRIGGER messages_keep_ids AFTER DELETE ON messages BEGIN
  UPDATE sqlite_sequence SET seq = OLD.id WHERE name = 'messages' AND seq < OLD.id;
END;
-- +goose StatementEnd
CREATE VIEW next_message_id AS
SELECT 1 + MAX(COALESCE((SELECT MAX(id) FROM messages), 0), seq) AS id FROM sqlite_sequence WHERE name = 'messages';
