-- +goose Up

-- Which messages of the room notify the member: 1 none, 2 those that mention them, 3 all. 0 means that they have not
-- chosen: then all do in a direct conversation, and mentions in a room.
ALTER TABLE members ADD COLUMN level BIGINT NOT NULL DEFAULT 0 CHECK (level BETWEEN 0 AND 3);
ALTER TABLE members ADD COLUMN muted_until BIGINT NOT NULL DEFAULT 0; -- until then nothing notifies; the largest number: for ever

-- The position of the message, so that the unread mentions of a member in a room are one range of an index.
ALTER TABLE mentions ADD COLUMN room_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mentions ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
UPDATE mentions SET
  room_id = (SELECT x.room_id FROM messages x WHERE x.id = mentions.message_id),
  seq = (SELECT x.seq FROM messages x WHERE x.id = mentions.message_id);
CREATE INDEX mentions_position ON mentions (user_id, room_id, seq);

-- The messages with @channel or @here that notify everybody.
CREATE INDEX messages_notifying_room ON messages (room_id, seq) WHERE notifies_all;
