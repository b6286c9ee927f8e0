package chat_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"charla/chat"
)

// createRoom creates a channel.
func (w fixture) createRoom(t *testing.T, by chat.User, name string, access chat.Access) chat.Room {
	t.Helper()
	room, err := w.CreateRoom(t.Context(), by, chat.NewRoom{Name: name, Access: access})
	if err != nil {
		t.Fatal(err)
	}
	return room
}

// must fails the test if err is not nil.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// roomSeenBy describes how a user sees a room. The description is empty if they cannot see it.
func (w fixture) roomSeenBy(t *testing.T, who chat.User, room chat.Room) string {
	t.Helper()
	r, err := w.Room(t.Context(), who, room.ID)
	if errors.Is(err, chat.ErrNotFound) {
		return ""
	}
	must(t, err)
	return fmt.Sprintf("%d with %s as %s", r.MemberCount, r.OwnerName, r.Role)
}

func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestOpenRoom(t *testing.T) {
	w := newFixture(t)
	ana, ben, eve := w.addUser(t, "Ana"), w.addUser(t, "Ben"), w.addUser(t, "Eve")
	room := w.createRoom(t, ana, " Café ", chat.AccessOpen)
	wantEqual(
		t, "the room", room,
		chat.Room{
			ID: room.ID, Name: "Café", Access: chat.AccessOpen, Role: chat.RoleOwner, MemberCount: 1,
			ViewerRole: chat.RoleOwner, OwnerID: ana.ID, OwnerName: "Ana",
		},
	)
	wantEqual(
		t, "published event", w.recorder.last(),
		chat.Event(chat.MemberJoined{StreamKey: room.StreamKey(), User: ana.Summary(), Seq: 1}),
	)
	rooms, _, err := w.OpenRooms(t.Context(), ben, "CAFE", 0)
	if err != nil || len(rooms) != 1 || rooms[0].ID != room.ID {
		t.Errorf("open rooms for Ben: %v, %v", rooms, err)
	}
	_, err = w.Conversation(t.Context(), ben, room.Ref())
	wantCode(t, "Ben reads the room without being a member", err, chat.NotFound)
	if members, _, err := w.Members(t.Context(), rooms[0], "", 0); err != nil || len(members) != 0 {
		t.Errorf("members listed to an outsider: %v, %v", members, err)
	}
	must(t, w.JoinRoom(t.Context(), ben, room.ID))
	wantEqual(
		t, "published event", w.recorder.last(),
		chat.Event(chat.MemberJoined{StreamKey: room.StreamKey(), User: ben.Summary(), Seq: 2}),
	)
	must(t, w.JoinRoom(t.Context(), ben, room.ID))
	must(t, w.Invite(t.Context(), ben, room.ID, eve.ID))
	must(t, w.Invite(t.Context(), ana, room.ID, eve.ID))
	wantEqual(t, "seq after three changes", w.post(t, eve, room.Ref(), "hello").Seq, 4)
	wantEqual(t, "room seen by Ben", w.roomSeenBy(t, ben, room), "3 with Ana as member")
	must(t, w.LeaveRoom(t.Context(), ben, room.ID))
	wantEqual(
		t, "published event", w.recorder.last(),
		chat.Event(chat.MemberLeft{StreamKey: room.StreamKey(), User: ben.ID, Seq: 5}),
	)
	wantCode(t, "leaving twice", w.LeaveRoom(t.Context(), ben, room.ID), chat.NotFound)
	must(t, w.JoinRoom(t.Context(), ben, room.ID)) // a user who left may return

	_, err = w.CreateRoom(t.Context(), ben, chat.NewRoom{Name: "cafe", Access: chat.AccessOpen})
	wantCode(t, "a taken name", err, chat.Conflict)
	w.createRoom(t, ben, "cafe", chat.AccessInviteOnly)
	for _, bad := range []chat.NewRoom{{"", chat.AccessOpen}, {"\u200b", chat.AccessOpen}, {"x", "secret"}, {"x", ""}} {
		_, err = w.CreateRoom(t.Context(), ana, bad)
		wantCode(t, bad.Name, err, chat.Invalid)
	}
	if _, err = w.CreateRoom(t.Context(), ana, chat.NewRoom{}); len(chat.FieldErrors(err)) != 2 {
		t.Errorf("errors by field: %v", err)
	}
}

func TestInviteOnlyRoomIsHiddenFromOthers(t *testing.T) {
	w := newFixture(t)
	admin, ana, ben, eve := w.addUser(t, "Admin"), w.addUser(t, "Ana"), w.addUser(t, "Ben"), w.addUser(t, "Eve")
	room := w.createRoom(t, ana, "Cellar", chat.AccessInviteOnly)
	must(t, w.Invite(t.Context(), ana, room.ID, ben.ID))
	wantEqual(t, "room seen by Ben", w.roomSeenBy(t, ben, room), "2 with Ana as member")
	for _, out := range []chat.User{eve, admin} {
		wantEqual(t, "room seen by "+out.Name, w.roomSeenBy(t, out, room), "")
		wantCode(t, "joining", w.JoinRoom(t.Context(), out, room.ID), chat.NotFound)
		wantCode(t, "leaving", w.LeaveRoom(t.Context(), out, room.ID), chat.NotFound)
		wantCode(t, "inviting", w.Invite(t.Context(), out, room.ID, out.ID), chat.NotFound)
		wantCode(t, "removing", w.RemoveMember(t.Context(), out, room.ID, ben.ID), chat.NotFound)
		if rooms, _, err := w.OpenRooms(t.Context(), out, "", 0); err != nil || len(rooms) != 0 {
			t.Errorf("open rooms for %s: %v, %v", out.Name, rooms, err)
		}
	}
	wantCode(t, "a member invites", w.Invite(t.Context(), ben, room.ID, eve.ID), chat.Forbidden)
	wantCode(t, "a member removes", w.RemoveMember(t.Context(), ben, room.ID, ana.ID), chat.Forbidden)
	wantCode(t, "an unknown user is invited", w.Invite(t.Context(), ana, room.ID, 999), chat.NotFound)
	must(t, w.DisableUser(t.Context(), admin, eve.ID))
	wantCode(t, "a disabled person is invited", w.Invite(t.Context(), ana, room.ID, eve.ID), chat.NotFound)
	wantCode(t, "the owner removes themself", w.RemoveMember(t.Context(), ana, room.ID, ana.ID), chat.Conflict)
	wantCode(t, "an outsider is removed", w.RemoveMember(t.Context(), ana, room.ID, eve.ID), chat.NotFound)
	wantEqual(t, "seq after refused changes", w.post(t, ana, room.Ref(), "hello").Seq, 3)
}

func TestNobodyLeavesGeneral(t *testing.T) {
	w := newFixture(t)
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	wantCode(t, "leaving", w.LeaveRoom(t.Context(), ana, chat.General), chat.Forbidden)
	wantCode(t, "removing", w.RemoveMember(t.Context(), ana, chat.General, ben.ID), chat.Forbidden)
	wantCode(t, "inviting", w.Invite(t.Context(), ana, chat.General, ben.ID), chat.Forbidden)
	must(t, w.JoinRoom(t.Context(), ana, chat.General))
	wantEqual(t, "General", w.roomSeenBy(t, ana, chat.Room{ID: chat.General}), "2 with  as member")
	direct := w.post(t, ana, chat.ConversationRef{With: ben.ID}, "hello").Room
	for what, err := range map[string]error{
		"join": w.JoinRoom(t.Context(), ana, direct), "leave": w.LeaveRoom(t.Context(), ana, direct),
		"invite": w.Invite(t.Context(), ana, direct, ben.ID),
		"remove": w.RemoveMember(t.Context(), ana, direct, ben.ID),
	} {
		wantCode(t, what+" in a direct conversation", err, chat.NotFound)
	}
}

func TestOwnershipPassesToLongestStandingMember(t *testing.T) {
	w := newFixture(t)
	ana, ben, eve := w.addUser(t, "Ana"), w.addUser(t, "Ben"), w.addUser(t, "Eve")
	room := w.createRoom(t, ana, "Garden", chat.AccessOpen)
	must(t, w.JoinRoom(t.Context(), eve, room.ID))
	must(t, w.JoinRoom(t.Context(), ben, room.ID))
	must(t, w.LeaveRoom(t.Context(), ana, room.ID))
	wantEqual(t, "room after Ana left", w.roomSeenBy(t, eve, room), "2 with Eve as owner")
	must(t, w.JoinRoom(t.Context(), ana, room.ID))
	wantEqual(t, "room after Ana returned", w.roomSeenBy(t, ana, room), "3 with Eve as member")
	for _, who := range []chat.User{eve, ana, ben} {
		must(t, w.LeaveRoom(t.Context(), who, room.ID))
	}
	wantEqual(t, "empty room", w.roomSeenBy(t, ana, room), "0 with  as ")
	must(t, w.JoinRoom(t.Context(), ana, room.ID))
	wantEqual(t, "room after Ana joined the empty room", w.roomSeenBy(t, ana, room), "1 with Ana as owner")
}

func TestOnlyTheOwnerCanInviteARemovedMember(t *testing.T) {
	w := newFixture(t)
	ana, ben, eve := w.addUser(t, "Ana"), w.addUser(t, "Ben"), w.addUser(t, "Eve")
	room := w.createRoom(t, ana, "Garden", chat.AccessOpen)
	must(t, w.JoinRoom(t.Context(), ben, room.ID))
	must(t, w.JoinRoom(t.Context(), eve, room.ID))
	before := w.post(t, ana, room.Ref(), "before")
	seen, err := w.Conversation(t.Context(), ben, room.Ref())
	must(t, err)
	must(t, w.RemoveMember(t.Context(), ana, room.ID, ben.ID))
	wantEqual(
		t, "published event", w.recorder.last(),
		chat.Event(chat.MemberLeft{StreamKey: room.StreamKey(), User: ben.ID, Seq: before.Seq + 1}),
	)
	w.post(t, ana, room.Ref(), "after")

	_, err = w.Changes(t.Context(), seen, before.Seq) // a conversation that was read before the removal
	wantCode(t, "changes", err, chat.NotFound)
	// changes that were read for Eve, as a stream shares them
	shared, err := w.Changes(t.Context(), w.conversation(t, eve, room), before.Seq)
	must(t, err)
	wantCode(
		t, "changes read for another member", w.CheckMemberSince(t.Context(), seen, before.Seq, shared), chat.NotFound,
	)
	wantCode(
		t, "a cursor from the future", w.CheckMemberSince(t.Context(), seen, shared.LastSeq, chat.Changes{}),
		chat.NotFound,
	)
	must(t, w.CheckMemberSince(t.Context(), w.conversation(t, eve, room), before.Seq, shared))
	h, err := w.MessagesBefore(t.Context(), seen, 0, 0)
	wantCode(t, "history", err, chat.NotFound)
	wantEqual(t, "messages of it", len(h.Messages), 0)
	_, err = w.Message(t.Context(), ben, before.ID)
	wantCode(t, "a message", err, chat.NotFound)
	wantCode(t, "a read marker", w.MarkRead(t.Context(), ben, room.Ref(), before.Seq, -1), chat.NotFound)
	_, err = w.PostMessage(t.Context(), ben, chat.NewMessage{Conversation: room.Ref(), Body: "hello?"})
	wantCode(t, "a post", err, chat.NotFound)
	wantEqual(t, "Ben has left the room", w.HasLeftRoom(t.Context(), ben, room.ID), true)
	wantEqual(t, "Eve has left the room", w.HasLeftRoom(t.Context(), eve, room.ID), false)

	wantCode(t, "Ben joins", w.JoinRoom(t.Context(), ben, room.ID), chat.Forbidden)
	wantCode(t, "Eve invites Ben", w.Invite(t.Context(), eve, room.ID, ben.ID), chat.Forbidden)
	must(t, w.Invite(t.Context(), ana, room.ID, ben.ID))
	if c, err := w.Changes(t.Context(), seen, before.Seq); err != nil || len(c.Added) != 1 {
		t.Errorf("changes after Ben returned: %+v, %v", c, err)
	}
}

func TestEveryChangeOfARoomTakesOneSeq(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	room := w.createRoom(t, ana, "Garden", chat.AccessOpen)
	var people []chat.User
	for i := range 4 {
		people = append(people, w.addUser(t, fmt.Sprint("P", i)))
	}
	var all sync.WaitGroup
	for i, p := range people {
		all.Go(func() {
			for range 10 {
				w.JoinRoom(t.Context(), p, room.ID)
				w.PostMessage(t.Context(), p, chat.NewMessage{Conversation: room.Ref(), Body: "hello"})
				if i%2 == 0 {
					w.LeaveRoom(t.Context(), p, room.ID)
				} else {
					w.RemoveMember(t.Context(), ana, room.ID, p.ID)
					w.Invite(t.Context(), ana, room.ID, p.ID)
				}
			}
		})
	}
	all.Wait()
	taken := map[int64]int{}
	for _, e := range w.recorder.events {
		if c, ok := e.(chat.RoomChange); ok {
			if at, seq := c.Position(); at == room.StreamKey() {
				taken[seq]++
			}
		}
	}
	c, err := w.Conversation(t.Context(), ana, room.Ref())
	must(t, err)
	for seq := int64(1); seq <= c.LastSeq; seq++ {
		if taken[seq] != 1 {
			t.Errorf("seq %d was taken by %d changes", seq, taken[seq])
		}
	}
	wantEqual(t, "seqs taken", len(taken), int(c.LastSeq))
}

func (w fixture) conversation(t *testing.T, u chat.User, room chat.Room) chat.Conversation {
	t.Helper()
	c, err := w.Conversation(t.Context(), u, room.Ref())
	must(t, err)
	return c
}
