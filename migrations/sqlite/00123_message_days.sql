-- +goose Up

-- The first message of each day, by which the messages of a day are found.
CREATE INDEX messages_days ON messages (room_id, seq, posted_at) WHERE starts_day;
