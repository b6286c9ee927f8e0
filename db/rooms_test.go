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
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	room := directRoom(t, s, ana, ben)
	equal(t, directRoom(t, s, ben, ana), room)
	notes := directRoom(t, s, ana, ana)
	equal(
		t,
		fmt.Sprint(db.Column[int64](t, s, `SELECT user_id FROM members WHERE room_id = $1 ORDER BY user_id`, room)),
		fmt.Sprint([]int64{ana.ID, ben.ID}),
	)
	equal(t, fmt.Sprint(db.Column[int64](t, s, `SELECT user_id FROM members WHERE room_id = $1`, notes)),
		fmt.Sprint([]int64{ana.ID}))

	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error { return tx.InsertMember(ctx, room, ana.ID, 1) }), chat.ErrDuplicate)
	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error { return tx.InsertMember(ctx, 99, ana.ID, 1) }), chat.ErrNotFound)
	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error { _, err := tx.NextSeq(ctx, 99); return err }), chat.ErrNotFound)
	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error { _, err := tx.EnsureDirectRoom(ctx, ana.ID, 99, 1); return err }),
		chat.ErrNotFound)
}

func testLastSeqs(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	room, notes := directRoom(t, s, ana, ben), directRoom(t, s, ana, ana)
	postMessage(t, s, room, ana, "1", 1)
	pair, own := chat.StreamKey{Low: ana.ID, High: ben.ID}, chat.StreamKey{Low: ana.ID, High: ana.ID}
	want := map[chat.StreamKey]chat.RoomSeq{
		{Room: chat.General}: {Room: chat.General, LastSeq: 2},
		pair:                 {Room: room, LastSeq: 1},
		own:                  {Room: notes},
	}
	keys := []chat.StreamKey{
		{Room: chat.General},
		pair,
		own,
		{Room: 99},
		{Room: room},
		{Low: ben.ID, High: ben.ID},
		{},
	}
	for n := range int64(5000) { // as many keys as a busy node has
		keys = append(keys, chat.StreamKey{Room: 1000 + n}, chat.StreamKey{Low: 1000 + n, High: 2000 + n})
	}
	got, err := s.LastSeqs(ctx, keys)
	wantErr(t, err, nil)
	if !maps.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	got, err = s.LastSeqs(ctx, nil)
	wantErr(t, err, nil)
	equal(t, len(got), 0)
}

// createChannel creates a channel with an owner, who joins with seq 1.
func createChannel(t testing.TB, s *db.Store, name string, access chat.Access, owner chat.User) (room int64) {
	t.Helper()
	ctx := t.Context()
	mustWrite(t, s, func(tx chat.Tx) (err error) {
		if room, err = tx.InsertRoom(ctx, name, chat.NameKey(name), access, 7); err != nil {
			return err
		}
		if err = addMember(t, tx, room, owner); err != nil {
			return err
		}
		return tx.SetMemberRole(ctx, room, owner.ID, chat.RoleOwner)
	})
	return room
}

func testChannels(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	open := createChannel(t, s, "Café", chat.AccessOpen, ana)
	hidden := createChannel(t, s, "Café", chat.AccessInviteOnly, ana)
	mine := chat.Room{ID: open, Name: "Café", Access: chat.AccessOpen, Role: chat.RoleOwner, MemberCount: 1,
		ViewerRole: chat.RoleOwner, OwnerID: ana.ID, OwnerName: "ana"}
	found, err := s.Room(ctx, ana.ID, open)
	wantErr(t, err, nil)
	equal(t, found, mine)
	found, err = s.Room(ctx, ben.ID, open)
	wantErr(t, err, nil)
	mine.Role, mine.ViewerRole = "", chat.RoleMember
	equal(t, found, mine)
	found, err = s.Room(ctx, ana.ID, hidden)
	wantErr(t, err, nil)
	equal(t, found.Access, chat.AccessInviteOnly)
	_, err = s.Room(ctx, ben.ID, hidden)
	wantErr(t, err, chat.ErrNotFound)
	_, err = s.Room(ctx, ana.ID, directRoom(t, s, ana, ben))
	wantErr(t, err, chat.ErrNotFound)
	found, err = s.Room(ctx, ana.ID, chat.General)
	wantErr(t, err, nil)
	equal(t, found,
		chat.Room{ID: chat.General, Name: "General", Access: chat.AccessOpen, Role: chat.RoleMember, MemberCount: 2,
			ViewerRole: chat.RoleOwner})

	for _, taken := range []string{"CAFE", "general"} {
		wantErr(t, s.InTx(ctx, func(tx chat.Tx) error {
			_, err := tx.InsertRoom(ctx, taken, chat.NameKey(taken), chat.AccessOpen, 1)
			return err
		}), chat.ErrDuplicate)
	}
	after := int64(0)
	list := func(user chat.User, query string, limit int) (names string) {
		t.Helper()
		rooms, err := s.OpenRooms(ctx, user.ID, query, after, limit)
		wantErr(t, err, nil)
		for _, r := range rooms {
			equal(t, r.Access, chat.AccessOpen)
			names += r.Name + " "
		}
		return names
	}
	createChannel(t, s, "100 % árboles", chat.AccessOpen, ana)
	equal(t, list(ben, "", 9), "100 % árboles Café ")
	equal(t, list(ben, "", 1), "100 % árboles ")
	equal(t, list(ben, "cafe", 9), "Café ")
	equal(t, list(ben, "%", 9), "100 % árboles ")
	equal(t, list(ana, "", 9), "")
	after = open
	equal(t, list(ben, "", 9), "")
	after = db.Column[int64](t, s, `SELECT id FROM rooms WHERE name LIKE '100%'`)[0]
	equal(t, list(ben, "", 9), "Café ")
	after = createChannel(t, s, "Bunker", chat.AccessInviteOnly, ana) // sorted between the two; nobody may learn that
	equal(t, list(ben, "", 9), "")
	after = 1 << 40
	equal(t, list(ben, "", 9), "")
	c, err := s.ConversationIn(ctx, ana.ID, open)
	wantErr(t, err, nil)
	equal(t, c, chat.Conversation{Room: open, Kind: chat.Channel, Name: "Café", Access: chat.AccessOpen,
		Role: chat.RoleOwner, LastSeq: 1, ReadSeq: 1, Viewer: ana.ID})
}
