-- +goose Up

-- When the password was last given in this session; 0 if never.
ALTER TABLE sessions ADD COLUMN password_at INTEGER NOT NULL DEFAULT 0;
