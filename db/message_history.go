package db

import (
	"cmp"
	"context"
	"slices"

	"charla/chat"
)

// selectReadableMessages reads the messages of room $1 if user $2 is a member. One statement checks membership and
// reads, so that nothing can change in between.
const selectReadableMessages = selectMessage + `
	WHERE x.room_id = $1 AND EXISTS (SELECT 1 FROM members WHERE room_id = $1 AND user_id = $2)`

// MessagesBefore returns at most limit messages of a room with seq < before: the newest of them, in ascending order.
func (r reader) MessagesBefore(ctx context.Context, user, room, before int64, limit int) ([]chat.Message, error) {
	const query = selectReadableMessages + ` AND x.seq < $3 ORDER BY x.seq DESC LIMIT $4`
	messages, err := r.listMessages(ctx, "list messages before", query, room, user, before, limit)
	slices.Reverse(messages)
	return messages, err
}

// MessagesAfter returns at most limit messages of a room with seq > after: the oldest of them, in ascending order.
func (r reader) MessagesAfter(ctx context.Context, user, room, after int64, limit int) ([]chat.Message, error) {
	const query = selectReadableMessages + ` AND x.seq > $3 ORDER BY x.seq LIMIT $4`
	return r.listMessages(ctx, "list messages after", query, room, user, after, limit)
}

// editedAfter selects the messages of room $1 that were changed after they were posted. The caller appends a
// comparison of the number of the last change. The condition changed_seq > seq makes it use the index messages_edited.
const editedAfter = `SELECT c.* FROM messages c WHERE c.room_id = $1 AND c.changed_seq > c.seq AND c.changed_seq`

// MessagesChangedSince returns at most limit messages of a room with changed_seq > after, lowest changed_seq first. It
// finds the messages that were never changed by their seq, and the others by an index that contains only them.
func (r reader) MessagesChangedSince(ctx context.Context, user, room, after int64,
	limit int) ([]chat.Message, error) {
	const query = `SELECT ` + messageColumns + `
		FROM (
			SELECT * FROM (
				SELECT c.* FROM messages c WHERE c.room_id = $1 AND c.seq > $3 AND c.changed_seq = c.seq
				ORDER BY c.seq LIMIT $4) AS added
			UNION ALL
			SELECT * FROM (` + editedAfter + ` > $3 ORDER BY c.changed_seq LIMIT $4) AS edited) AS x
		JOIN users u ON u.id = x.author_id
		WHERE EXISTS (SELECT 1 FROM members WHERE room_id = $1 AND user_id = $2)
		ORDER BY x.changed_seq LIMIT $4`
	return r.listMessages(ctx, "list changed messages", query, room, user, after, limit)
}

// AccountDeletedSince reports whether a member or former member of a room deleted their account, and the room's change
// for it has a seq greater than after.
func (r reader) AccountDeletedSince(ctx context.Context, room, after int64) (deleted bool, err error) {
	const query = `
		SELECT EXISTS (SELECT 1 FROM departures WHERE room_id = $1 AND seq > $2 AND account_deleted)`
	err = r.get(ctx, "check for deleted accounts", &deleted, query, room, after)
	return deleted, err
}

// Changes reads the messages of a room that changed after the cursor, the room's last seq and the departures, all as of
// one moment. One statement reads the messages and the last seq. A room without changes still gives one row, without a
// message: hence the COALESCE. The messages are limited before the joins; otherwise PostgreSQL would read and sort
// everything that changed since the cursor, which may be the whole room. They are the first ones that were posted after
// the cursor, and the first ones that were changed after it, each limited. A new message that was changed is in both.
// If one of the two is cut off by the limit, there are too many changes anyway. A second query reads the departures up
// to the same last seq, which never change afterwards. It is skipped if there is a message for every seq since the
// cursor, because then nobody has left.
func (r reader) Changes(ctx context.Context, room, cursor int64, limit int) (chat.Changes, error) {
	const query = `
		SELECT r.last_seq, COALESCE(x.id, 0) AS id, r.id AS room_id, COALESCE(x.seq, 0) AS seq,
			COALESCE(x.changed_seq, 0) AS changed_seq, COALESCE(x.author_id, 0) AS author_id,
			COALESCE(u.name, '') AS author_name, COALESCE(u.avatar_file_id, 0) AS author_avatar,
			COALESCE(u.owner_id, 0) <> 0 AS author_is_bot, COALESCE(u.handle, '') AS author_handle,
			COALESCE(x.key, '') AS key, COALESCE(x.body, '') AS body,
			COALESCE(x.html, '') AS html, COALESCE(x.posted_at, 0) AS posted_at, COALESCE(x.edited_at, 0) AS edited_at,
			COALESCE(x.deleted_at, 0) AS deleted_at, COALESCE(x.starts_group, FALSE) AS starts_group,
			COALESCE(x.starts_day, FALSE) AS starts_day, COALESCE(x.mention_all, '') AS mention_all,
			COALESCE(x.notifies_all, FALSE) AS notifies_all,` +
		listColumns + `
		FROM rooms r
		LEFT JOIN (
			SELECT * FROM (
				SELECT c.* FROM messages c WHERE c.room_id = $1 AND c.seq > $2 ORDER BY c.seq LIMIT $3) AS added
			UNION ALL
			SELECT * FROM (` + editedAfter + ` > $2 ORDER BY c.changed_seq LIMIT $3) AS edited) x ON x.room_id = r.id
		LEFT JOIN users u ON u.id = x.author_id
		WHERE r.id = $1`
	var rows []struct {
		messageRow
		LastSeq int64 `db:"last_seq"`
	}
	if err := r.list(ctx, "read changes", &rows, query, room, cursor, limit+1); err != nil {
		return chat.Changes{}, err
	}
	if len(rows) == 0 {
		return chat.Changes{}, chat.ErrNotFound
	}
	lastSeq := rows[0].LastSeq
	var changed []chat.Message
	for _, row := range rows {
		if row.ID != 0 {
			changed = append(changed, row.message())
		}
	}
	slices.SortFunc(changed, func(a, b chat.Message) int { return cmp.Compare(a.Seq, b.Seq) })
	changed = slices.CompactFunc(changed, func(a, b chat.Message) bool { return a.ID == b.ID })
	if len(changed) > limit {
		return chat.Changes{LastSeq: lastSeq, TooFarBehind: true}, nil
	}
	c := chat.ClassifyChanges(cursor, lastSeq, changed)
	if lastSeq-cursor <= int64(len(changed)) {
		return c, nil
	}
	var err error
	c.Left, err = r.departuresBetween(ctx, room, cursor, lastSeq)
	c.TooFarBehind = slices.ContainsFunc(c.Left, func(d chat.Departure) bool { return d.AccountDeleted })
	return c, err
}
