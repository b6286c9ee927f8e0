-- +goose Up

-- What a person was notified of and may not have seen: mentions, replies, reactions to own messages, invitations to
-- rooms. The page shows only items about rooms that the person is in.
CREATE TABLE inbox_items (
  id         INTEGER PRIMARY KEY AUTOINCREMENT, -- an item with new reactions gets a new one, so that it comes first again
  user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- whose inbox it is in
  kind       TEXT    NOT NULL, -- mention, reply, reaction, invitation
  room_id    INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  message_id INTEGER REFERENCES messages (id) ON DELETE CASCADE, -- NULL for an invitation
  seq        INTEGER NOT NULL, -- of the message: who reads the room up to there has seen the item
  actor_id   INTEGER NOT NULL DEFAULT 0, -- who added the person to the room
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL DEFAULT 0  -- 0 until the person has seen it
) STRICT;
CREATE INDEX inbox_items_user ON inbox_items (user_id, id);
CREATE UNIQUE INDEX inbox_items_message ON inbox_items (message_id, user_id, kind) WHERE message_id IS NOT NULL;
CREATE INDEX inbox_items_unseen ON inbox_items (user_id, room_id) WHERE seen_at = 0;

-- Mentions and reactions from before. Reactions count as seen, because it is not known when they came.
INSERT INTO inbox_items (user_id, kind, room_id, message_id, seq, created_at, seen_at)
SELECT e.user_id, e.kind, x.room_id, x.id, x.seq, x.posted_at,
  CASE WHEN e.kind = 'reaction' OR x.seq <= COALESCE(m.read_seq, x.seq) THEN x.posted_at ELSE 0 END
FROM (
  SELECT n.message_id, n.user_id, 'mention' AS kind FROM mentions n JOIN messages y ON y.id = n.message_id
  WHERE n.user_id <> y.author_id
  UNION ALL
  SELECT DISTINCT r.message_id, y.author_id, 'reaction' FROM reactions r JOIN messages y ON y.id = r.message_id
  WHERE r.user_id <> y.author_id) AS e
JOIN messages x ON x.id = e.message_id
JOIN users u ON u.id = e.user_id AND u.name <> ''
LEFT JOIN members m ON m.room_id = x.room_id AND m.user_id = e.user_id
ORDER BY x.posted_at, x.id;
