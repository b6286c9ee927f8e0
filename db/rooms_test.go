package db_test

import (
	"fmt"
	"maps"
	"testing"

	"charla/chat"
	"charla/db"
)

func testRooms(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	room := direct(t, s, ana, ben)
	equal(t, direct(t, s, ben, ana), room)
	notes := direct(t, s, ana, ana)
	equal(t, fmt.Sprint(db.Column[int64](t, s, `SELECT user_id FROM members WHERE room_id = $1 ORDER BY user_id`, room)),
		fmt.Sprint([]int64{ana.ID, ben.ID}))
	equal(t, fmt.Sprint(db.Column[int64](t, s, `SELECT user_id FROM members WHERE room_id = $1`, notes)),
		fmt.Sprint([]int64{ana.ID}))

	is(t, s.InTx(ctx, func(tx chat.Tx) error { return tx.InsertMember(ctx, room, ana.ID, 1) }), chat.ErrDuplicate)
	is(t, s.InTx(ctx, func(tx chat.Tx) error { return tx.InsertMember(ctx, 99, ana.ID, 1) }), chat.ErrNotFound)
	is(t, s.InTx(ctx, func(tx chat.Tx) error { _, err := tx.NextSeq(ctx, 99); return err }), chat.ErrNotFound)
	is(t, s.InTx(ctx, func(tx chat.Tx) error { _, err := tx.EnsureDirect(ctx, ana.ID, 99, 1); return err }), chat.ErrNotFound)
}

func testConversations(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	_, err := s.ConversationWith(ctx, ana.ID, ben.ID)
	is(t, err, chat.ErrNotFound)
	room, notes := direct(t, s, ana, ben), direct(t, s, ana, ana)
	want := map[int64]chat.Conversation{
		chat.General: {Room: chat.General, Kind: chat.Channel, Name: "General", Access: chat.Open, Role: chat.RoleMember, LastSeq: 2, ReadSeq: 1, Me: ana.ID},
		room:         {Room: room, Kind: chat.Direct, Access: chat.Invited, Role: chat.RoleMember, Name: "ben", Me: ana.ID, Peer: ben.ID},
		notes:        {Room: notes, Kind: chat.Direct, Access: chat.Invited, Role: chat.RoleMember, Name: "ana", Me: ana.ID, Peer: ana.ID},
	}
	list, err := s.Conversations(ctx, ana.ID, 0, 9)
	is(t, err, nil)
	got := map[int64]chat.Conversation{}
	for _, c := range list {
		got[c.Room] = c
		in, err := s.ConversationIn(ctx, ana.ID, c.Room)
		is(t, err, nil)
		equal(t, in, c)
	}
	if !maps.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for peer, room := range map[int64]int64{ben.ID: room, ana.ID: notes} {
		with, err := s.ConversationWith(ctx, ana.ID, peer)
		is(t, err, nil)
		equal(t, with, want[room])
	}
	theirs, err := s.ConversationWith(ctx, ben.ID, ana.ID)
	is(t, err, nil)
	equal(t, theirs, chat.Conversation{Room: room, Kind: chat.Direct, Access: chat.Invited, Role: chat.RoleMember, Name: "ana", Me: ben.ID, Peer: ana.ID})
}

func testConversationOrder(t *testing.T, s *db.Store) {
	ana := register(t, s, "ana")
	rooms := map[string]int64{"General": chat.General}
	for i, name := range []string{"ben", "cem", "dia", "eve", "fay"} {
		peer := register(t, s, name)
		rooms[name] = direct(t, s, ana, peer)
		switch author := peer; name {
		case "cem", "dia": // dia's is older and stands behind
			post(t, s, rooms[name], author, "1", chat.Micros(1000-i))
		case "eve": // the latest of all, but ana's own: nothing to read
			post(t, s, rooms[name], ana, "1", 5000)
		}
	}
	order := func(limit int) (names string) {
		t.Helper()
		list, err := s.Conversations(t.Context(), ana.ID, 0, limit)
		is(t, err, nil)
		for _, c := range list {
			names += c.Name + " "
		}
		return names
	}
	equal(t, order(9), "cem dia eve ben fay General ")
	equal(t, order(2), "cem General ") // a channel is never pushed out
	after := func(room string, limit int) (names string) {
		t.Helper()
		list, err := s.Conversations(t.Context(), ana.ID, rooms[room], limit)
		is(t, err, nil)
		for _, c := range list {
			names += c.Name + " "
		}
		return names
	}
	equal(t, after("General", 2), "cem dia ")
	equal(t, after("dia", 9), "eve ben fay ")
	equal(t, after("fay", 9), "")
}

func testUnread(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	room := direct(t, s, ana, ben)
	unread := func(user chat.User) int {
		t.Helper()
		c, err := s.ConversationIn(ctx, user.ID, room)
		is(t, err, nil)
		return c.Unread
	}
	first := post(t, s, room, ben, "1", 1)
	deleted := post(t, s, room, ben, "2", 2)
	post(t, s, room, ana, "own", 3)
	equal(t, unread(ana), 2)
	equal(t, unread(ben), 1)
	s.Raw(t, `UPDATE messages SET deleted_at = 5 WHERE id = $1`, deleted.ID)
	equal(t, unread(ana), 1)
	write(t, s, func(tx chat.Tx) error { _, err := tx.SetRead(ctx, room, ana.ID, first.Seq); return err })
	equal(t, unread(ana), 0)
	write(t, s, func(tx chat.Tx) error {
		for i := range chat.UnreadCap + 20 {
			if err := insert(ctx, tx, room, ben.ID, fmt.Sprint("more ", i)); err != nil {
				return err
			}
		}
		return nil
	})
	equal(t, unread(ana), chat.UnreadCap)
}

func testReadMark(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	room := direct(t, s, ana, ben)
	mark := func(user, seq int64) (moved bool) {
		t.Helper()
		write(t, s, func(tx chat.Tx) (err error) {
			moved, err = tx.SetRead(ctx, room, user, seq)
			return err
		})
		return moved
	}
	equal(t, mark(ana.ID, 5), true)
	equal(t, mark(ana.ID, 5), false)
	equal(t, mark(ana.ID, 3), false)
	equal(t, mark(99, 3), false)
	c, err := s.ConversationIn(ctx, ana.ID, room)
	is(t, err, nil)
	equal(t, c.ReadSeq, 5)
	c, err = s.ConversationIn(ctx, ben.ID, room)
	is(t, err, nil)
	equal(t, c.ReadSeq, 0)
}

func testLastSeqs(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	room, notes := direct(t, s, ana, ben), direct(t, s, ana, ana)
	post(t, s, room, ana, "1", 1)
	pair, own := chat.Topic{Low: ana.ID, High: ben.ID}, chat.Topic{Low: ana.ID, High: ana.ID}
	want := map[chat.Topic]chat.RoomSeq{
		{Room: chat.General}: {Room: chat.General, LastSeq: 2},
		pair:                 {Room: room, LastSeq: 1},
		own:                  {Room: notes},
	}
	topics := []chat.Topic{{Room: chat.General}, pair, own, {Room: 99}, {Room: room}, {Low: ben.ID, High: ben.ID}, {}}
	for n := range int64(5000) { // as many as a busy node has
		topics = append(topics, chat.Topic{Room: 1000 + n}, chat.Topic{Low: 1000 + n, High: 2000 + n})
	}
	got, err := s.LastSeqs(ctx, topics)
	is(t, err, nil)
	if !maps.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	got, err = s.LastSeqs(ctx, nil)
	is(t, err, nil)
	equal(t, len(got), 0)
}
