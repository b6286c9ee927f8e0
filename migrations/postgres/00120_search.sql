-- +goose Up

-- How far each room is indexed for the search. A room without a row is not indexed yet.
CREATE TABLE search_progress (
  room_id     BIGINT PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
  indexed_seq BIGINT NOT NULL -- all messages up to this seq are in the index
);

-- Messages that were edited or deleted and whose entry in the index is not renewed yet.
CREATE TABLE search_changes (
  message_id  BIGINT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  changed_seq BIGINT NOT NULL -- of the message after the change
);

-- The tokens of each indexed message.
CREATE TABLE search_documents (
  message_id BIGINT   PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  tokens     TSVECTOR NOT NULL -- empty for a deleted message
);

-- The index of these tokens. Without fastupdate a search need not read a list of pending entries.
CREATE INDEX search_index ON search_documents USING GIN (tokens) WITH (fastupdate = off);

-- Notes each message whose text changes, also by a node of the previous version.
-- +goose StatementBegin
CREATE FUNCTION note_search_change() RETURNS trigger AS $$
BEGIN
  INSERT INTO search_changes (message_id, changed_seq) VALUES (NEW.id, NEW.changed_seq)
  ON CONFLICT (message_id) DO UPDATE SET changed_seq = excluded.changed_seq;
  RETURN NULL;
END
$$ LANGUAGE plpgsql;
-- +goose StatementEnd
CREATE TRIGGER messages_search_change AFTER UPDATE OF body, deleted_at ON messages FOR EACH ROW
WHEN (OLD.body <> NEW.body OR OLD.deleted_at <> NEW.deleted_at) EXECUTE FUNCTION note_search_change();
