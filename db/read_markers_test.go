package db_test

import (
	"testing"

	"charla/chat"
	"charla/db"
)

func testReadMarker(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	room := directRoom(t, s, ana, ben)
	mark := func(user, seq int64) (moved bool) {
		t.Helper()
		mustWrite(t, s, func(tx chat.Tx) (err error) {
			moved, err = tx.SetReadMarker(ctx, room, user, seq, -1)
			return err
		})
		return moved
	}
	equal(t, mark(ana.ID, 5), true)
	equal(t, mark(ana.ID, 5), false)
	equal(t, mark(ana.ID, 3), false)
	equal(t, mark(99, 3), false)
	c, err := s.ConversationIn(ctx, ana.ID, room)
	wantErr(t, err, nil)
	equal(t, c.ReadSeq, 5)
	c, err = s.ConversationIn(ctx, ben.ID, room)
	wantErr(t, err, nil)
	equal(t, c.ReadSeq, 0)
}
