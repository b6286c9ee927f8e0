package db

import (
	"cmp"
	"context"
	"slices"

	"charla/chat"
)

// messageColumns are those of a message, with the name that its author has today.
const messageColumns = `
	x.id, x.room_id, x.seq, x.changed_seq, x.author_id, u.name AS author_name, u.avatar AS author_avatar, u.owner_id <> 0 AS author_bot,
		x.key, x.body, x.html, x.posted_at, x.edited_at, x.deleted_at, x.leads, x.opens_day,` + reactionsColumn + `,` + filesColumn

const (
	fromMessages  = ` FROM messages x JOIN users u ON u.id = x.author_id`
	selectMessage = `SELECT ` + messageColumns + fromMessages
)

// Message finds nothing for who is not a member of its room.
func (r reader) Message(ctx context.Context, user, id int64) (m chat.Message, err error) {
	const query = selectMessage + `
		WHERE x.id = $2 AND x.room_id IN (SELECT room_id FROM members WHERE user_id = $1)`
	err = r.get(ctx, &m, query, user, id)
	return m, err
}

// MessageByKey makes the digest of a message from before there was one.
func (r reader) MessageByKey(ctx context.Context, author int64, key string) (chat.Message, string, error) {
	const query = `SELECT x.sent, ` + messageColumns + fromMessages + `
		WHERE x.author_id = $1 AND x.key = $2`
	var row struct {
		chat.Message
		Sent string `db:"sent"`
	}
	err := r.get(ctx, &row, query, author, key)
	return row.Message, cmp.Or(row.Sent, chat.ContentDigest(row.Key, row.Body)), err
}

// selectReadableMessages is what the user $2 may read in the room $1. The same statement looks whether they are in it, so that nothing falls
// between the two.
const selectReadableMessages = selectMessage + `
	WHERE x.room_id = $1 AND EXISTS (SELECT 1 FROM members WHERE room_id = $1 AND user_id = $2)`

// MessagesBefore reads backwards from before and turns the page round.
func (r reader) MessagesBefore(ctx context.Context, user, room, before int64, limit int) (page []chat.Message, err error) {
	const query = selectReadableMessages + ` AND x.seq < $3 ORDER BY x.seq DESC LIMIT $4`
	err = r.list(ctx, &page, query, room, user, before, limit)
	slices.Reverse(page)
	return page, err
}

// MessagesAfter reads on from after.
func (r reader) MessagesAfter(ctx context.Context, user, room, after int64, limit int) (page []chat.Message, err error) {
	const query = selectReadableMessages + ` AND x.seq > $3 ORDER BY x.seq LIMIT $4`
	err = r.list(ctx, &page, query, room, user, after, limit)
	return page, err
}

// MessagesChangedSince reads on from the change after.
func (r reader) MessagesChangedSince(ctx context.Context, user, room, after int64, limit int) (page []chat.Message, err error) {
	const query = selectReadableMessages + ` AND x.changed_seq > $3 ORDER BY x.changed_seq LIMIT $4`
	err = r.list(ctx, &page, query, room, user, after, limit)
	return page, err
}

// Changes is one statement, which sees one snapshot on both databases. A room without changes still answers one row,
// hence the COALESCE. The messages are cut off at the limit before anything is joined: PostgreSQL would read and sort all
// that changed since the cursor, which after a week is a room. Departures never change, so those up to the number that it saw
// can be read after it; where messages account for every number there are none.
func (r reader) Changes(ctx context.Context, room, cursor int64, limit int) (chat.Changes, error) {
	const query = `
		SELECT r.last_seq, COALESCE(x.id, 0) AS id, r.id AS room_id, COALESCE(x.seq, 0) AS seq,
			COALESCE(x.changed_seq, 0) AS changed_seq, COALESCE(x.author_id, 0) AS author_id,
			COALESCE(u.name, '') AS author_name, COALESCE(u.avatar, 0) AS author_avatar, COALESCE(u.owner_id, 0) <> 0 AS author_bot,
			COALESCE(x.key, '') AS key, COALESCE(x.body, '') AS body,
			COALESCE(x.html, '') AS html, COALESCE(x.posted_at, 0) AS posted_at, COALESCE(x.edited_at, 0) AS edited_at,
			COALESCE(x.deleted_at, 0) AS deleted_at, COALESCE(x.leads, FALSE) AS leads,
			COALESCE(x.opens_day, FALSE) AS opens_day,` + reactionsColumn + `,` + filesColumn + `
		FROM rooms r
		LEFT JOIN (
			SELECT c.id, c.room_id, c.seq, c.changed_seq, c.author_id, c.key, c.body, c.html, c.posted_at, c.edited_at, c.deleted_at, c.leads, c.opens_day, c.files
			FROM messages c WHERE c.room_id = $1 AND c.changed_seq > $2 ORDER BY c.changed_seq LIMIT $3) x ON x.room_id = r.id
		LEFT JOIN users u ON u.id = x.author_id
		WHERE r.id = $1`
	var rows []struct {
		chat.Message
		LastSeq int64 `db:"last_seq"`
	}
	if err := r.list(ctx, &rows, query, room, cursor, limit+1); err != nil {
		return chat.Changes{}, err
	}
	if len(rows) == 0 {
		return chat.Changes{}, chat.ErrNotFound
	}
	if len(rows) > limit {
		return chat.Changes{LastSeq: rows[0].LastSeq, TooFarBehind: true}, nil
	}
	var changed []chat.Message
	for _, row := range rows {
		if row.ID != 0 {
			changed = append(changed, row.Message)
		}
	}
	slices.SortFunc(changed, func(a, b chat.Message) int { return cmp.Compare(a.Seq, b.Seq) })
	c := chat.ClassifyChanges(cursor, rows[0].LastSeq, changed)
	if c.LastSeq-cursor <= int64(len(changed)) {
		return c, nil
	}
	var err error
	c.Left, err = r.departuresBetween(ctx, room, cursor, c.LastSeq)
	c.TooFarBehind = slices.ContainsFunc(c.Left, func(d chat.Departure) bool { return d.AccountDeleted })
	return c, err
}

// InsertMessage looks at who is in the room when it runs, and so under the lock that its caller took with the number.
func (w writer) InsertMessage(ctx context.Context, m chat.Message, sent string) (id int64, err error) {
	const query = `
		INSERT INTO messages (room_id, seq, changed_seq, author_id, key, body, html, posted_at, leads, opens_day, sent, files)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
		WHERE EXISTS (SELECT 1 FROM members WHERE room_id = $1 AND user_id = $4)
		ON CONFLICT (author_id, key) DO NOTHING
		RETURNING id`
	err = w.get(ctx, &id, query, m.Room, m.Seq, m.ChangedSeq, m.AuthorID, m.Key, m.Body, m.HTML, m.PostedAt, m.StartsGroup, m.StartsDay,
		sent, m.Files.Count())
	return id, err
}

// MessagesByAuthor walks the numbers of the room, so its caller bounds them: no index knows an author's messages in their order, which
// would cost every post.
func (r reader) MessagesByAuthor(ctx context.Context, author, room, after, upto int64, limit int) (list []chat.Message, err error) {
	const query = selectMessage + `
		WHERE x.room_id = $1 AND x.seq > $2 AND x.seq <= $3 AND x.author_id = $4 AND x.deleted_at = 0
		ORDER BY x.seq
		LIMIT $5`
	err = r.list(ctx, &list, query, room, after, upto, author, limit)
	return list, err
}

// UpdateMessage leaves the place of a message alone: its room, its seq and how it stands to its neighbours.
func (w writer) UpdateMessage(ctx context.Context, m chat.Message) error {
	const query = `
		UPDATE messages SET changed_seq = $2, body = $3, html = $4, edited_at = $5, deleted_at = $6, files = $7 WHERE id = $1`
	_, err := w.exec(ctx, query, m.ID, m.ChangedSeq, m.Body, m.HTML, m.EditedAt, m.DeletedAt, m.Files.Count())
	return err
}

// reservePostSQL remembers whom the message follows before it notes its author, $1, and its time, $2. A clock that is behind the one before,
// of another node perhaps, is passed over for a quarter of an hour; a time further ahead was wrong, and nobody follows it.
const reservePostSQL = `
	UPDATE rooms SET last_seq = last_seq + 1, previous_author = last_author, previous_at = last_at,
		last_author = $1, last_at = CASE WHEN last_at - $2 BETWEEN 0 AND 900000000 THEN last_at ELSE $2 END`

// returningPostSlot is what a room answers to reservePostSQL.
const returningPostSlot = `
	RETURNING id AS room, kind, access, last_seq, last_at, previous_author, previous_at, CAST($1 AS BIGINT) AS me,
		COALESCE(CASE WHEN pair_low = $1 THEN pair_high ELSE pair_low END, 0) AS peer,
		COALESCE((SELECT u.name FROM users u WHERE u.id = CASE WHEN pair_low = $1 THEN pair_high ELSE pair_low END), name) AS name`

// ReservePost takes the same lock as NextSeq.
func (w writer) ReservePost(ctx context.Context, author int64, ref chat.ConversationRef, at chat.Timestamp) (slot chat.PostSlot, err error) {
	const (
		inRoom = reservePostSQL + ` WHERE id = $3` + returningPostSlot
		ofPair = reservePostSQL + ` WHERE pair_low = $3 AND pair_high = $4` + returningPostSlot
	)
	if ref.Room != 0 {
		err = w.get(ctx, &slot, inRoom, author, at, ref.Room)
	} else {
		err = w.get(ctx, &slot, ofPair, author, at, min(author, ref.With), max(author, ref.With))
	}
	return slot, err
}
