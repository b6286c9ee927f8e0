package chat_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"charla/chat"
)

// room makes a channel.
func (w world) room(t *testing.T, by chat.User, name string, access chat.Access) chat.Room {
	t.Helper()
	room, err := w.MakeRoom(t.Context(), by, chat.NewRoom{Name: name, Access: access})
	if err != nil {
		t.Fatal(err)
	}
	return room
}

// must fails the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// as is how somebody sees a room; empty for who does not.
func (w world) as(t *testing.T, who chat.User, room chat.Room) string {
	t.Helper()
	r, err := w.Room(t.Context(), who, room.ID)
	if errors.Is(err, chat.ErrNotFound) {
		return ""
	}
	must(t, err)
	return fmt.Sprintf("%d with %s as %s", r.Members, r.OwnerName, r.Role)
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestAnOpenRoomIsForEverybody(t *testing.T) {
	w := newWorld(t)
	ana, ben, eve := w.person(t, "Ana"), w.person(t, "Ben"), w.person(t, "Eve")
	room := w.room(t, ana, " Café ", chat.Open)
	same(t, "the room", room, chat.Room{ID: room.ID, Name: "Café", Access: chat.Open, Role: chat.RoleOwner, Members: 1, OwnerID: ana.ID, OwnerName: "Ana"})
	same(t, "published", w.diary.last(), chat.Event(chat.MemberJoined{Topic: room.Topic(), Person: ana.Person(), Seq: 1}))
	rooms, _, err := w.OpenRooms(t.Context(), ben, "CAFE", 0)
	if err != nil || len(rooms) != 1 || rooms[0].ID != room.ID {
		t.Errorf("Ben finds %v, %v", rooms, err)
	}
	_, err = w.Conversation(t.Context(), ben, room.Place())
	code(t, "Ben reads from outside", err, chat.NotFound)
	if members, _, err := w.Members(t.Context(), rooms[0], "", 0); err != nil || len(members) != 0 {
		t.Errorf("from outside: %v, %v", members, err)
	}
	must(t, w.JoinRoom(t.Context(), ben, room.ID))
	same(t, "published", w.diary.last(), chat.Event(chat.MemberJoined{Topic: room.Topic(), Person: ben.Person(), Seq: 2}))
	must(t, w.JoinRoom(t.Context(), ben, room.ID))
	must(t, w.Invite(t.Context(), ben, room.ID, eve.ID))
	must(t, w.Invite(t.Context(), ana, room.ID, eve.ID))
	same(t, "a number for each change", w.say(t, eve, room.Place(), "hello").Seq, 4)
	same(t, "as Ben", w.as(t, ben, room), "3 with Ana as member")
	must(t, w.LeaveRoom(t.Context(), ben, room.ID))
	same(t, "published", w.diary.last(), chat.Event(chat.MemberLeft{Topic: room.Topic(), User: ben.ID, Seq: 5}))
	code(t, "leaving twice", w.LeaveRoom(t.Context(), ben, room.ID), chat.NotFound)
	must(t, w.JoinRoom(t.Context(), ben, room.ID)) // who left may come back

	_, err = w.MakeRoom(t.Context(), ben, chat.NewRoom{Name: "cafe", Access: chat.Open})
	code(t, "a name that is taken", err, chat.Conflict)
	w.room(t, ben, "cafe", chat.Invited)
	for _, bad := range []chat.NewRoom{{"", chat.Open}, {"\u200b", chat.Open}, {"x", "secret"}, {"x", ""}} {
		_, err = w.MakeRoom(t.Context(), ana, bad)
		code(t, bad.Name, err, chat.Invalid)
	}
	if _, err = w.MakeRoom(t.Context(), ana, chat.NewRoom{}); len(chat.FieldErrors(err)) != 2 {
		t.Errorf("errors beside %v", err)
	}
}

func TestARoomByInvitationDoesNotExistOutside(t *testing.T) {
	w := newWorld(t)
	admin, ana, ben, eve := w.person(t, "Admin"), w.person(t, "Ana"), w.person(t, "Ben"), w.person(t, "Eve")
	room := w.room(t, ana, "Cellar", chat.Invited)
	must(t, w.Invite(t.Context(), ana, room.ID, ben.ID))
	same(t, "as Ben", w.as(t, ben, room), "2 with Ana as member")
	for _, out := range []chat.User{eve, admin} {
		same(t, "as "+out.Name, w.as(t, out, room), "")
		code(t, "joins", w.JoinRoom(t.Context(), out, room.ID), chat.NotFound)
		code(t, "leaves", w.LeaveRoom(t.Context(), out, room.ID), chat.NotFound)
		code(t, "invites", w.Invite(t.Context(), out, room.ID, out.ID), chat.NotFound)
		code(t, "removes", w.RemoveMember(t.Context(), out, room.ID, ben.ID), chat.NotFound)
		if rooms, _, err := w.OpenRooms(t.Context(), out, "", 0); err != nil || len(rooms) != 0 {
			t.Errorf("%s finds %v, %v", out.Name, rooms, err)
		}
	}
	code(t, "a member invites", w.Invite(t.Context(), ben, room.ID, eve.ID), chat.Forbidden)
	code(t, "a member removes", w.RemoveMember(t.Context(), ben, room.ID, ana.ID), chat.Forbidden)
	code(t, "nobody is invited", w.Invite(t.Context(), ana, room.ID, 999), chat.NotFound)
	must(t, w.DisablePerson(t.Context(), admin, eve.ID))
	code(t, "a disabled person is invited", w.Invite(t.Context(), ana, room.ID, eve.ID), chat.NotFound)
	code(t, "the owner removes themself", w.RemoveMember(t.Context(), ana, room.ID, ana.ID), chat.Conflict)
	code(t, "an outsider is removed", w.RemoveMember(t.Context(), ana, room.ID, eve.ID), chat.NotFound)
	same(t, "refusals take no number", w.say(t, ana, room.Place(), "hello").Seq, 3)
}

func TestGeneralIsEverybodysForEver(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.person(t, "Ana"), w.person(t, "Ben")
	code(t, "leaving", w.LeaveRoom(t.Context(), ana, chat.General), chat.Forbidden)
	code(t, "removing", w.RemoveMember(t.Context(), ana, chat.General, ben.ID), chat.Forbidden)
	code(t, "inviting", w.Invite(t.Context(), ana, chat.General, ben.ID), chat.Forbidden)
	must(t, w.JoinRoom(t.Context(), ana, chat.General))
	same(t, "General", w.as(t, ana, chat.Room{ID: chat.General}), "2 with  as member")
	direct := w.say(t, ana, chat.Place{With: ben.ID}, "hello").Room
	for what, err := range map[string]error{
		"join": w.JoinRoom(t.Context(), ana, direct), "leave": w.LeaveRoom(t.Context(), ana, direct),
		"invite": w.Invite(t.Context(), ana, direct, ben.ID), "remove": w.RemoveMember(t.Context(), ana, direct, ben.ID),
	} {
		code(t, what+" in a direct conversation", err, chat.NotFound)
	}
}

func TestARoomPassesToWhoHasBeenThereTheLongest(t *testing.T) {
	w := newWorld(t)
	ana, ben, eve := w.person(t, "Ana"), w.person(t, "Ben"), w.person(t, "Eve")
	room := w.room(t, ana, "Garden", chat.Open)
	must(t, w.JoinRoom(t.Context(), eve, room.ID))
	must(t, w.JoinRoom(t.Context(), ben, room.ID))
	must(t, w.LeaveRoom(t.Context(), ana, room.ID))
	same(t, "after Ana", w.as(t, eve, room), "2 with Eve as owner")
	must(t, w.JoinRoom(t.Context(), ana, room.ID))
	same(t, "Ana is back", w.as(t, ana, room), "3 with Eve as member")
	for _, who := range []chat.User{eve, ana, ben} {
		must(t, w.LeaveRoom(t.Context(), who, room.ID))
	}
	same(t, "empty", w.as(t, ana, room), "0 with  as ")
	must(t, w.JoinRoom(t.Context(), ana, room.ID))
	same(t, "who comes into an empty room", w.as(t, ana, room), "1 with Ana as owner")
}

func TestWhoIsRemovedComesBackOnlyByTheOwner(t *testing.T) {
	w := newWorld(t)
	ana, ben, eve := w.person(t, "Ana"), w.person(t, "Ben"), w.person(t, "Eve")
	room := w.room(t, ana, "Garden", chat.Open)
	must(t, w.JoinRoom(t.Context(), ben, room.ID))
	must(t, w.JoinRoom(t.Context(), eve, room.ID))
	before := w.say(t, ana, room.Place(), "before")
	seen, err := w.Conversation(t.Context(), ben, room.Place())
	must(t, err)
	must(t, w.RemoveMember(t.Context(), ana, room.ID, ben.ID))
	same(t, "published", w.diary.last(), chat.Event(chat.MemberLeft{Topic: room.Topic(), User: ben.ID, Seq: before.Seq + 1}))
	w.say(t, ana, room.Place(), "after")

	_, err = w.Changes(t.Context(), seen, before.Seq) // looked up before the removal
	code(t, "changes", err, chat.NotFound)
	shared, err := w.Changes(t.Context(), w.conversation(t, eve, room), before.Seq) // read for Eve, and told to a crowd
	must(t, err)
	code(t, "changes read for another", w.StillTheirs(t.Context(), seen, before.Seq, shared), chat.NotFound)
	code(t, "a cursor from the future", w.StillTheirs(t.Context(), seen, shared.LastSeq, chat.Changes{}), chat.NotFound)
	must(t, w.StillTheirs(t.Context(), w.conversation(t, eve, room), before.Seq, shared))
	h, err := w.History(t.Context(), seen, 0, 0)
	code(t, "history", err, chat.NotFound)
	same(t, "lines of it", len(h.Messages), 0)
	_, err = w.Message(t.Context(), ben, before.ID)
	code(t, "a message", err, chat.NotFound)
	code(t, "a read mark", w.MarkRead(t.Context(), ben, room.Place(), before.Seq), chat.NotFound)
	_, err = w.PostMessage(t.Context(), ben, chat.NewMessage{Place: room.Place(), Body: "hello?"})
	code(t, "a post", err, chat.NotFound)
	same(t, "Ben was here", w.HasLeft(t.Context(), ben, room.ID), true)
	same(t, "Eve is", w.HasLeft(t.Context(), eve, room.ID), false)

	code(t, "Ben joins", w.JoinRoom(t.Context(), ben, room.ID), chat.Forbidden)
	code(t, "Eve invites Ben", w.Invite(t.Context(), eve, room.ID, ben.ID), chat.Forbidden)
	must(t, w.Invite(t.Context(), ana, room.ID, ben.ID))
	if c, err := w.Changes(t.Context(), seen, before.Seq); err != nil || len(c.Added) != 1 {
		t.Errorf("back in: %+v, %v", c, err)
	}
}

func TestEveryChangeOfARoomTakesOneNumber(t *testing.T) {
	w := newWorld(t)
	ana := w.person(t, "Ana")
	room := w.room(t, ana, "Garden", chat.Open)
	var people []chat.User
	for i := range 4 {
		people = append(people, w.person(t, fmt.Sprint("P", i)))
	}
	var all sync.WaitGroup
	for i, p := range people {
		all.Go(func() {
			for range 10 {
				w.JoinRoom(t.Context(), p, room.ID)
				w.PostMessage(t.Context(), p, chat.NewMessage{Place: room.Place(), Body: "hello"})
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
	for _, e := range w.diary.events {
		if c, ok := e.(chat.Change); ok {
			if at, seq := c.At(); at == room.Topic() {
				taken[seq]++
			}
		}
	}
	c, err := w.Conversation(t.Context(), ana, room.Place())
	must(t, err)
	for seq := int64(1); seq <= c.LastSeq; seq++ {
		if taken[seq] != 1 {
			t.Errorf("number %d was taken by %d changes", seq, taken[seq])
		}
	}
	same(t, "numbers", len(taken), int(c.LastSeq))
}

func (w world) conversation(t *testing.T, u chat.User, room chat.Room) chat.Conversation {
	t.Helper()
	c, err := w.Conversation(t.Context(), u, room.Place())
	must(t, err)
	return c
}
