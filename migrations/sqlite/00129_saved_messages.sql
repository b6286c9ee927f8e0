-- +goose Up

-- Messages that people saved for themselves. Nobody else sees who saved them.
CREATE TABLE saved_messages (
  id         INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order in which they were saved
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  saved_at   INTEGER NOT NULL,
  UNIQUE (user_id, message_id)
) STRICT;
CREATE INDEX saved_messages_user ON saved_messages (user_id, id);
CREATE INDEX saved_messages_message ON saved_messages (message_id);
