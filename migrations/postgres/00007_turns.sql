-- +goose Up
-- The last two messages of a room: with the lock on its row, posting needs to look at nothing else.
ALTER TABLE rooms ADD COLUMN last_author BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN last_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN previous_author BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN previous_at BIGINT NOT NULL DEFAULT 0;
UPDATE rooms SET
  last_author = COALESCE((SELECT m.author_id FROM messages m WHERE m.room_id = rooms.id ORDER BY m.seq DESC LIMIT 1), 0),
  last_at = COALESCE((SELECT m.posted_at FROM messages m WHERE m.room_id = rooms.id ORDER BY m.seq DESC LIMIT 1), 0);
