package db

import (
	"context"

	"charla/chat"
)

// messageColumns lists the columns of a messageRow. The query must call the table messages x and the authors u. The
// author's name is the current one, not the name at the time of posting.
const messageColumns = `
	x.id, x.room_id, x.seq, x.changed_seq, x.author_id, u.name AS author_name, u.avatar_file_id AS author_avatar,
		u.owner_id <> 0 AS author_is_bot, u.handle AS author_handle, x.key, x.body, x.html, x.posted_at,
		x.edited_at, x.deleted_at, x.starts_group, x.starts_day, x.mention_all, x.notifies_all,` +
	listColumns

// listColumns lists those columns of a messageRow that contain lists.
const listColumns = reactionsColumn + `,` + filesColumn + `,` + mentionsColumn + `,` + pinsColumn

const (
	fromMessages  = ` FROM messages x JOIN users u ON u.id = x.author_id`
	selectMessage = `SELECT ` + messageColumns + fromMessages
)

// messageRow is a message as the database returns it.
type messageRow struct {
	chat.Message
	Reactions jsonRows[reactionJSON] `db:"reactions"`
	Files     jsonRows[fileJSON]     `db:"files"`
	Mentions  jsonRows[mentionJSON]  `db:"mentions"`
	Pins      jsonRows[pinJSON]      `db:"pins"`
}

func (row *messageRow) message() chat.Message {
	m := row.Message
	for _, r := range row.Reactions {
		m.Reactions = append(m.Reactions, r.reaction())
	}
	for _, f := range row.Files {
		m.Files = append(m.Files, f.file())
	}
	for _, n := range row.Mentions {
		m.Mentions = append(m.Mentions, n.mention())
	}
	for _, p := range row.Pins {
		m.Pin = p.pin()
	}
	m.HTML = chat.WithHandles(m.HTML, m.Mentions)
	return m
}

// listMessages runs a query that selects messageColumns and returns its messages.
func (r reader) listMessages(ctx context.Context, op, query string, args ...any) ([]chat.Message, error) {
	var rows []messageRow
	if err := r.list(ctx, op, &rows, query, args...); err != nil {
		return nil, err
	}
	messages := make([]chat.Message, len(rows))
	for i := range rows {
		messages[i] = rows[i].message()
	}
	return messages, nil
}

// Message returns a message, or chat.ErrNotFound if the person is not a member of its room.
func (r reader) Message(ctx context.Context, user, id int64) (chat.Message, error) {
	const query = selectMessage + `
		WHERE x.id = $2 AND x.room_id IN (SELECT room_id FROM members WHERE user_id = $1)`
	var row messageRow
	err := r.get(ctx, "read message", &row, query, user, id)
	return row.message(), err
}

// MessageByKey returns the message that an author posted with an idempotency key, and the digest of what was sent.
func (r reader) MessageByKey(ctx context.Context, author int64, key string) (chat.Message, string, error) {
	const query = `SELECT x.content_digest, ` + messageColumns + fromMessages + `
		WHERE x.author_id = $1 AND x.key = $2`
	var row struct {
		messageRow
		Digest string `db:"content_digest"`
	}
	err := r.get(ctx, "read message by key", &row, query, author, key)
	return row.message(), row.Digest, err
}

// MessagesByAuthor lists an author's messages with after < seq <= upto that are not deleted. It reads the messages of
// all authors in this range, so the range must be small. An index by author would make it fast, but would slow down
// every post.
func (r reader) MessagesByAuthor(ctx context.Context, author, room, after, upto int64,
	limit int) ([]chat.Message, error) {
	const query = selectMessage + `
		WHERE x.room_id = $1 AND x.seq > $2 AND x.seq <= $3 AND x.author_id = $4 AND x.deleted_at = 0
		ORDER BY x.seq
		LIMIT $5`
	return r.listMessages(ctx, "list messages by author", query, room, after, upto, author, limit)
}

// reservePostSQL takes the next seq of a room, remembers the previous message, and stores author $1 and time $2 for the
// new message. If the previous message is later than $2 by at most $3, its time is used instead of $2.
const reservePostSQL = `
	UPDATE rooms SET last_seq = last_seq + 1, previous_author_id = last_author_id, previous_posted_at = last_posted_at,
		last_author_id = $1,
		last_posted_at = CASE WHEN last_posted_at - $2 BETWEEN 0 AND $3 THEN last_posted_at ELSE $2 END`

// returningPostSlot ends a statement that begins with reservePostSQL. It returns the columns of a chat.PostSlot.
const returningPostSlot = `
	RETURNING id AS room, kind, access, last_seq, last_posted_at, previous_author_id, previous_posted_at,
		CAST($1 AS BIGINT) AS me, COALESCE(CASE WHEN pair_low = $1 THEN pair_high ELSE pair_low END, 0) AS peer,
		COALESCE((SELECT u.name FROM users u
			WHERE u.id = CASE WHEN pair_low = $1 THEN pair_high ELSE pair_low END), name) AS name`

// ReservePost takes a seq and a time for a new message. It locks the room's row until the transaction ends.
func (w writer) ReservePost(ctx context.Context, author int64, ref chat.ConversationRef,
	at, maxSkew chat.Timestamp) (slot chat.PostSlot, err error) {
	const op = "reserve post"
	const (
		inRoom = reservePostSQL + ` WHERE id = $4` + returningPostSlot
		inPair = reservePostSQL + ` WHERE pair_low = $4 AND pair_high = $5` + returningPostSlot
	)
	if ref.Room != 0 {
		err = w.get(ctx, op, &slot, inRoom, author, at, maxSkew, ref.Room)
		return slot, err
	}
	err = w.get(ctx, op, &slot, inPair, author, at, maxSkew, min(author, ref.With), max(author, ref.With))
	return slot, err
}

// InsertMessage adds a message and returns its id. It returns chat.ErrNotFound if the author is not a member or has
// used the message's key before. The caller has locked the room, so the author cannot leave it before the commit.
func (w writer) InsertMessage(ctx context.Context, m chat.Message, digest string) (id int64, err error) {
	const query = `
		INSERT INTO messages (id, room_id, seq, changed_seq, author_id, key, body, html, posted_at, starts_group,
			starts_day, content_digest, file_count, mention_count, mention_all, notifies_all)
		SELECT n.id, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
		FROM next_message_id n
		WHERE EXISTS (SELECT 1 FROM members WHERE room_id = $1 AND user_id = $4)
		ON CONFLICT (author_id, key) DO NOTHING
		RETURNING id`
	err = w.get(ctx, "insert message", &id, query, m.Room, m.Seq, m.ChangedSeq, m.AuthorID, m.Key, m.Body, m.HTML,
		m.PostedAt, m.StartsGroup, m.StartsDay, digest, len(m.Files), len(m.Mentions), m.Audience, m.Notified)
	return id, err
}

// UpdateMessage stores the changed content of a message. It does not change the message's room, its seq, and whether it
// starts a group or a day.
func (w writer) UpdateMessage(ctx context.Context, m chat.Message) error {
	const query = `
		UPDATE messages
		SET changed_seq = $2, body = $3, html = $4, edited_at = $5, deleted_at = $6, file_count = $7,
			mention_count = $8, mention_all = $9, notifies_all = $10
		WHERE id = $1`
	_, err := w.exec(ctx, "update message", query, m.ID, m.ChangedSeq, m.Body, m.HTML, m.EditedAt, m.DeletedAt,
		len(m.Files), len(m.Mentions), m.Audience, m.Notified)
	return err
}
