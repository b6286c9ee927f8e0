-- +goose Up

-- How often the member has marked messages as unread. A page that was opened before the last time does not mark the
-- conversation as read.
ALTER TABLE members ADD COLUMN unread_marks BIGINT NOT NULL DEFAULT 0;
