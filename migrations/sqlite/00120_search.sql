-- +goose Up

-- How far each room is indexed for the search. A room without a row is not indexed yet.
CREATE TABLE search_progress (
  room_id     INTEGER PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
  indexed_seq INTEGER NOT NULL -- all messages up to this seq are in the index
) STRICT;

-- Messages that were edited or deleted and whose entry in the index is not renewed yet.
CREATE TABLE search_changes (
  message_id  INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  changed_seq INTEGER NOT NULL -- of the message after the change
) STRICT;

-- The tokens of each indexed message.
CREATE TABLE search_documents (
  message_id INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  tokens     TEXT    NOT NULL -- with a space between; empty for a deleted message
) STRICT;

-- The index of these tokens. A token contains no space; all other characters of ASCII belong to tokens. With
-- secure-delete, tokens of deleted messages leave the file.
CREATE VIRTUAL TABLE search_index USING fts5 (
  tokens, content = 'search_documents', content_rowid = 'message_id', detail = 'none', columnsize = 0,
  prefix = '1 2 3', tokenize = "ascii tokenchars '+#._*-'''"
);
INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1);

-- +goose StatementBegin
CREATE TRIGGER search_documents_insert AFTER INSERT ON search_documents BEGIN
  INSERT INTO search_index (rowid, tokens) VALUES (new.message_id, new.tokens);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_documents_update AFTER UPDATE ON search_documents BEGIN
  INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', old.message_id, old.tokens);
  INSERT INTO search_index (rowid, tokens) VALUES (new.message_id, new.tokens);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER search_documents_delete AFTER DELETE ON search_documents BEGIN
  INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', old.message_id, old.tokens);
END;
-- +goose StatementEnd

-- Notes each message whose text changes, also by a node of the previous version.
-- +goose StatementBegin
CREATE TRIGGER messages_search_change AFTER UPDATE OF body, deleted_at ON messages
WHEN old.body <> new.body OR old.deleted_at <> new.deleted_at BEGIN
  INSERT INTO search_changes (message_id, changed_seq) VALUES (new.id, new.changed_seq)
  ON CONFLICT (message_id) DO UPDATE SET changed_seq = excluded.changed_seq;
END;
-- +goose StatementEnd
