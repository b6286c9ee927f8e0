package db_test

import (
	"fmt"
	"maps"
	"testing"

	"charla/chat"
	"charla/db"
)

func testConversations(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	_, err := s.ConversationWith(ctx, ana.ID, ben.ID)
	wantErr(t, err, chat.ErrNotFound)
	room, notes := directRoom(t, s, ana, ben), directRoom(t, s, ana, ana)
	want := map[int64]chat.Conversation{
		chat.General: {
			Room:    chat.General,
			Kind:    chat.Channel,
			Name:    "General",
			Access:  chat.AccessOpen,
			Role:    chat.RoleMember,
			LastSeq: 2,
			ReadSeq: 1,
			Viewer:  ana.ID,
		},
		room: {
			Room:   room,
			Kind:   chat.Direct,
			Access: chat.AccessInviteOnly,
			Role:   chat.RoleMember,
			Name:   "ben",
			Viewer: ana.ID,
			Peer:   ben.ID,
		},
		notes: {
			Room:   notes,
			Kind:   chat.Direct,
			Access: chat.AccessInviteOnly,
			Role:   chat.RoleMember,
			Name:   "ana",
			Viewer: ana.ID,
			Peer:   ana.ID,
		},
	}
	list, err := s.Conversations(ctx, ana.ID, 0, 9)
	wantErr(t, err, nil)
	got := map[int64]chat.Conversation{}
	for _, c := range list {
		got[c.Room] = c
		in, err := s.ConversationIn(ctx, ana.ID, c.Room)
		wantErr(t, err, nil)
		equal(t, in, c)
	}
	if !maps.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for peer, room := range map[int64]int64{ben.ID: room, ana.ID: notes} {
		with, err := s.ConversationWith(ctx, ana.ID, peer)
		wantErr(t, err, nil)
		equal(t, with, want[room])
	}
	theirs, err := s.ConversationWith(ctx, ben.ID, ana.ID)
	wantErr(t, err, nil)
	equal(t, theirs, chat.Conversation{Room: room, Kind: chat.Direct, Access: chat.AccessInviteOnly,
		Role: chat.RoleMember, Name: "ana", Viewer: ben.ID, Peer: ana.ID})
}

func testConversationOrder(t *testing.T, s *db.Store) {
	ana := createUser(t, s, "ana")
	rooms := map[string]int64{"General": chat.General}
	for i, name := range []string{"ben", "cem", "dia", "eve", "fay"} {
		peer := createUser(t, s, name)
		rooms[name] = directRoom(t, s, ana, peer)
		switch author := peer; name {
		case "cem", "dia": // dia's message is older, so she comes second
			postMessage(t, s, rooms[name], author, "1", chat.Timestamp(1000-i))
		case "eve": // the latest message of all, but it is ana's own and not unread
			postMessage(t, s, rooms[name], ana, "1", 5000)
		}
	}
	order := func(limit int) (names string) {
		t.Helper()
		list, err := s.Conversations(t.Context(), ana.ID, 0, limit)
		wantErr(t, err, nil)
		for _, c := range list {
			names += c.Name + " "
		}
		return names
	}
	equal(t, order(9), "cem dia eve ben fay General ")
	equal(t, order(2), "cem General ") // direct conversations do not displace a channel
	after := func(room string, limit int) (names string) {
		t.Helper()
		list, err := s.Conversations(t.Context(), ana.ID, rooms[room], limit)
		wantErr(t, err, nil)
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
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	room := directRoom(t, s, ana, ben)
	unread := func(user chat.User) int {
		t.Helper()
		c, err := s.ConversationIn(ctx, user.ID, room)
		wantErr(t, err, nil)
		return c.Unread
	}
	first := postMessage(t, s, room, ben, "1", 1)
	deleted := postMessage(t, s, room, ben, "2", 2)
	postMessage(t, s, room, ana, "own", 3)
	equal(t, unread(ana), 2)
	equal(t, unread(ben), 1)
	s.RawExec(t, `UPDATE messages SET deleted_at = 5 WHERE id = $1`, deleted.ID)
	equal(t, unread(ana), 1)
	mustWrite(t, s, func(tx chat.Tx) error { _, err := tx.SetReadMarker(ctx, room, ana.ID, first.Seq, -1); return err })
	equal(t, unread(ana), 0)
	mustWrite(t, s, func(tx chat.Tx) error {
		for i := range chat.UnreadCap + 20 {
			if err := insertMessage(ctx, tx, room, ben.ID, fmt.Sprint("more ", i)); err != nil {
				return err
			}
		}
		return nil
	})
	equal(t, unread(ana), chat.UnreadCap)
}
