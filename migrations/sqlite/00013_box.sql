-- +goose Up
-- What waits in a box is asked for with every page of its conversation; files_user leads through all that somebody ever sent.
CREATE INDEX files_box ON files (user_id, room_id, peer_id) WHERE message_id IS NULL;
