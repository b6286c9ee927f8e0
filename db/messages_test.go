package db_test

import (
	"fmt"
	"math"
	"testing"

	"charla/chat"
	"charla/db"
)

// seqList returns the seqs of messages in their order, as text.
func seqList(messages []chat.Message) string {
	list := []int64{}
	for _, m := range messages {
		list = append(list, m.Seq)
	}
	return fmt.Sprint(list)
}

func testMessages(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	room := directRoom(t, s, ana, ben)
	m := postMessage(t, s, room, ana, "k1", farFuture)
	equal(t, m, chat.Message{ID: m.ID, Room: room, Seq: 1, ChangedSeq: 1, AuthorID: ana.ID, AuthorName: "ana",
		Key: "k1", Body: "text of k1", HTML: "<b>k1</b>", PostedAt: farFuture, StartsGroup: true})
	found, err := s.Message(ctx, ben.ID, m.ID)
	wantErr(t, err, nil)
	equal(t, found, m)
	for _, query := range []func() error{
		func() error { _, err := s.Message(ctx, ana.ID, 99); return err },
		func() error {
			return s.InTx(ctx, func(tx chat.Tx) error { _, _, err := tx.MessageByKey(ctx, ben.ID, "k1"); return err })
		},
	} {
		wantErr(t, query(), chat.ErrNotFound)
	}
	for n := range 5 {
		postMessage(t, s, room, ben, fmt.Sprint(n), 5)
	}
	for _, c := range []struct {
		before int64
		limit  int
		want   string
	}{
		{math.MaxInt64, 3, "[4 5 6]"}, {4, 2, "[2 3]"}, {2, 9, "[1]"}, {1, 9, "[]"},
	} {
		page, err := s.MessagesBefore(ctx, ana.ID, room, c.before, c.limit)
		wantErr(t, err, nil)
		equal(t, seqList(page), c.want)
	}
}

func testChanges(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	room := directRoom(t, s, ana, ben)
	readChanges := func(cursor int64, limit int) chat.Changes {
		t.Helper()
		c, err := s.Changes(ctx, room, cursor, limit)
		wantErr(t, err, nil)
		return c
	}
	check := func(c chat.Changes, last int64, replaced, added string) {
		t.Helper()
		equal(t, c.TooFarBehind, false)
		equal(t, fmt.Sprint(c.LastSeq, seqList(c.Replaced), seqList(c.Added)), fmt.Sprint(last, replaced, added))
	}
	check(readChanges(0, 9), 0, "[]", "[]")
	for n := range 4 {
		postMessage(t, s, room, ben, fmt.Sprint(n), 5)
	}
	edit := func(seq int64) {
		s.RawExec(t, `UPDATE rooms SET last_seq = last_seq + 1 WHERE id = $1`, room)
		s.RawExec(t, `UPDATE messages SET body = 'edited', changed_seq = (SELECT last_seq FROM rooms WHERE id = $1)
			WHERE room_id = $1 AND seq = $2`, room, seq)
	}
	edit(3)
	edit(1)
	edit(2)
	edit(1)
	check(readChanges(0, 9), 8, "[]", "[1 2 3 4]")
	check(readChanges(2, 9), 8, "[1 2]", "[3 4]")
	check(readChanges(5, 9), 8, "[1 2]", "[]")
	check(readChanges(8, 9), 8, "[]", "[]")
	check(readChanges(50, 9), 8, "[]", "[]")
	c := readChanges(2, 9)
	equal(t, c.Replaced[0].Body, "edited")
	equal(t, c.Replaced[0].ChangedSeq, 8)
	equal(t, c.Replaced[0].AuthorName, "ben")
	equal(t, c.Added[1].Body, "text of 3")
	equal(t, c.Added[1].StartsGroup, true)

	check(readChanges(0, 4), 8, "[]", "[1 2 3 4]")
	c = readChanges(0, 3)
	equal(t, c.TooFarBehind, true)
	equal(t, c.LastSeq, 8)
	_, err := s.Changes(ctx, 99, 0, 9)
	wantErr(t, err, chat.ErrNotFound)
}

// testOutsider first proves that the outsider is not a member and that members can read. Then nothing of the room may
// reach the outsider.
func testOutsider(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben, out := createUser(t, s, "ana"), createUser(t, s, "ben"), createUser(t, s, "out")
	room := directRoom(t, s, ana, ben)
	m := postMessage(t, s, room, ana, "secret", 1)
	equal(t, fmt.Sprint(db.Column[int64](t, s, `SELECT user_id FROM members WHERE room_id = $1 ORDER BY 1`, room)),
		fmt.Sprint([]int64{ana.ID, ben.ID}))
	_, err := s.Message(ctx, ben.ID, m.ID)
	wantErr(t, err, nil)

	_, err = s.Message(ctx, out.ID, m.ID)
	wantErr(t, err, chat.ErrNotFound)
	_, err = s.ConversationIn(ctx, out.ID, room)
	wantErr(t, err, chat.ErrNotFound)
	_, err = s.ConversationWith(ctx, out.ID, ana.ID)
	wantErr(t, err, chat.ErrNotFound)
	page, err := s.MessagesBefore(ctx, ben.ID, room, math.MaxInt64, 9)
	wantErr(t, err, nil)
	equal(t, seqList(page), "[1]")
	page, err = s.MessagesBefore(ctx, out.ID, room, math.MaxInt64, 9)
	wantErr(t, err, nil)
	equal(t, seqList(page), "[]")
	list, err := s.Conversations(ctx, out.ID, 0, 99)
	wantErr(t, err, nil)
	equal(t, len(list), 1)
	equal(t, list[0].Room, chat.General)
}
