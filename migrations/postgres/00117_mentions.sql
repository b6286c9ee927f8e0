-- +goose Up

-- Who is mentioned in which message. The text of the message shows the handle that the person has today.
CREATE TABLE mentions (
  message_id BIGINT  NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  user_id    BIGINT  NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  written    TEXT    NOT NULL, -- the key of the handle in the text: an edit finds the same person by it
  PRIMARY KEY (message_id, user_id)
);
CREATE INDEX mentions_user ON mentions (user_id, message_id);

ALTER TABLE messages ADD COLUMN mention_count BIGINT  NOT NULL DEFAULT 0; -- number of its rows in mentions; most messages have none
ALTER TABLE messages ADD COLUMN mention_all TEXT NOT NULL DEFAULT ''; -- channel or here: it mentions everybody, or those online
ALTER TABLE messages ADD COLUMN notifies_all BOOLEAN NOT NULL DEFAULT FALSE; -- whether everybody is notified: its author may do that and said so
