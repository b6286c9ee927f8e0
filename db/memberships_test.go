package db_test

import (
	"fmt"
	"math"
	"testing"

	"charla/chat"
	"charla/db"
)

// channel makes a room with an owner, who joins as number 1.
func channel(t testing.TB, s *db.Store, name string, access chat.Access, owner chat.User) (room int64) {
	t.Helper()
	ctx := t.Context()
	write(t, s, func(tx chat.Tx) (err error) {
		if room, err = tx.InsertRoom(ctx, name, chat.NameKey(name), access, 7); err != nil {
			return err
		}
		if err = admit(t, tx, room, owner); err != nil {
			return err
		}
		return tx.SetOwner(ctx, room, owner.ID)
	})
	return room
}

func admit(t testing.TB, tx chat.Tx, room int64, who chat.User) error {
	seq, err := tx.NextSeq(t.Context(), room)
	if err != nil {
		return err
	}
	return tx.InsertMember(t.Context(), room, who.ID, seq)
}

func enter(t testing.TB, s *db.Store, room int64, who chat.User) {
	t.Helper()
	write(t, s, func(tx chat.Tx) error { return admit(t, tx, room, who) })
}

// remove takes somebody out of a room and returns the departure.
func remove(t testing.TB, s *db.Store, room int64, who, by chat.User, at chat.Micros) (d chat.Departure) {
	t.Helper()
	write(t, s, func(tx chat.Tx) error {
		seq, err := tx.NextSeq(t.Context(), room)
		d = chat.Departure{Room: room, User: who.ID, By: by.ID, Seq: seq, At: at}
		if err != nil {
			return err
		}
		return tx.DeleteMember(t.Context(), d)
	})
	return d
}

func testChannels(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	open, hidden := channel(t, s, "Café", chat.Open, ana), channel(t, s, "Café", chat.Invited, ana)
	mine := chat.Room{ID: open, Name: "Café", Access: chat.Open, Role: chat.RoleOwner, Members: 1, OwnerID: ana.ID, OwnerName: "ana"}
	found, err := s.Room(ctx, ana.ID, open)
	is(t, err, nil)
	equal(t, found, mine)
	found, err = s.Room(ctx, ben.ID, open)
	is(t, err, nil)
	mine.Role = ""
	equal(t, found, mine)
	found, err = s.Room(ctx, ana.ID, hidden)
	is(t, err, nil)
	equal(t, found.Access, chat.Invited)
	_, err = s.Room(ctx, ben.ID, hidden)
	is(t, err, chat.ErrNotFound)
	_, err = s.Room(ctx, ana.ID, direct(t, s, ana, ben))
	is(t, err, chat.ErrNotFound)
	found, err = s.Room(ctx, ana.ID, chat.General)
	is(t, err, nil)
	equal(t, found, chat.Room{ID: chat.General, Name: "General", Access: chat.Open, Role: chat.RoleMember, Members: 2})

	for _, taken := range []string{"CAFE", "general"} {
		is(t, s.InTx(ctx, func(tx chat.Tx) error {
			_, err := tx.InsertRoom(ctx, taken, chat.NameKey(taken), chat.Open, 1)
			return err
		}), chat.ErrDuplicate)
	}
	after := int64(0)
	list := func(user chat.User, query string, limit int) (names string) {
		t.Helper()
		rooms, err := s.OpenRooms(ctx, user.ID, query, after, limit)
		is(t, err, nil)
		for _, r := range rooms {
			equal(t, r.Access, chat.Open)
			names += r.Name + " "
		}
		return names
	}
	channel(t, s, "100 % árboles", chat.Open, ana)
	equal(t, list(ben, "", 9), "100 % árboles Café ")
	equal(t, list(ben, "", 1), "100 % árboles ")
	equal(t, list(ben, "cafe", 9), "Café ")
	equal(t, list(ben, "%", 9), "100 % árboles ")
	equal(t, list(ana, "", 9), "")
	after = open
	equal(t, list(ben, "", 9), "")
	after = db.Column[int64](t, s, `SELECT id FROM rooms WHERE name LIKE '100%'`)[0]
	equal(t, list(ben, "", 9), "Café ")
	after = channel(t, s, "Bunker", chat.Invited, ana) // stands between the two, which nobody may learn
	equal(t, list(ben, "", 9), "")
	after = 1 << 40
	equal(t, list(ben, "", 9), "")
	c, err := s.ConversationIn(ctx, ana.ID, open)
	is(t, err, nil)
	equal(t, c, chat.Conversation{Room: open, Kind: chat.Channel, Name: "Café", Access: chat.Open, Role: chat.RoleOwner, LastSeq: 1, ReadSeq: 1, Me: ana.ID})
}

func testMembers(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben, eva, zoe := register(t, s, "ana"), register(t, s, "ben"), register(t, s, "Eva"), register(t, s, "zoe")
	room := channel(t, s, "room", chat.Invited, zoe)
	enter(t, s, room, eva)
	enter(t, s, room, ana)
	list := func(query string, after int64, limit int) (names string) {
		t.Helper()
		members, err := s.Members(ctx, room, query, after, limit)
		is(t, err, nil)
		for _, m := range members {
			names += m.Name + ":" + string(m.Role) + " "
		}
		return names
	}
	equal(t, list("", 0, 9), "ana:member Eva:member zoe:owner ")
	equal(t, list("", 0, 1), "ana:member ")
	equal(t, list("", ana.ID, 9), "Eva:member zoe:owner ")
	equal(t, list("", ben.ID, 9), "Eva:member zoe:owner ") // also after somebody who is not there
	equal(t, list("", 99, 9), "")
	equal(t, list("o", 0, 9), "zoe:owner ")

	outside := func(query string, limit int) (names string) {
		t.Helper()
		people, err := s.FindOutsiders(ctx, room, query, limit)
		is(t, err, nil)
		for _, p := range people {
			names += p.Name + " "
		}
		return names
	}
	fay := register(t, s, "fay")
	equal(t, outside("", 9), "ben fay ")
	equal(t, outside("", 1), "ben ")
	equal(t, outside("a", 9), "fay ")
	write(t, s, func(tx chat.Tx) error { return tx.SetDisabled(ctx, fay.ID, 5) })
	equal(t, outside("", 9), "ben ")

	among := func(rooms []int64, people ...int64) string {
		t.Helper()
		found, err := s.MembersAmong(ctx, rooms, people)
		is(t, err, nil)
		return fmt.Sprint(found)
	}
	equal(t, among([]int64{room}, zoe.ID, ben.ID, ana.ID, 99), fmt.Sprint([]int64{ana.ID, zoe.ID}))
	equal(t, among([]int64{room, chat.General, 99}, ben.ID, ana.ID), fmt.Sprint([]int64{ana.ID, ben.ID}))
	equal(t, among(nil, ana.ID), "[]")
	equal(t, among([]int64{room}), "[]")

	heir := func() int64 {
		t.Helper()
		var user int64
		write(t, s, func(tx chat.Tx) (err error) {
			user, err = tx.LongestMember(ctx, room)
			return err
		})
		return user
	}
	remove(t, s, room, zoe, zoe, 1)
	equal(t, heir(), eva.ID)
	write(t, s, func(tx chat.Tx) error { return tx.SetDisabled(ctx, eva.ID, 5) })
	equal(t, heir(), ana.ID) // the disabled only when there is nobody else
	remove(t, s, room, ana, ana, 1)
	equal(t, heir(), eva.ID)
	remove(t, s, room, eva, eva, 1)
	is(t, s.InTx(ctx, func(tx chat.Tx) error { _, err := tx.LongestMember(ctx, room); return err }), chat.ErrNotFound)
}

func testDepartures(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	room := channel(t, s, "room", chat.Open, ana)
	enter(t, s, room, ben)
	post(t, s, room, ben, "one", 1)
	_, err := s.LastDeparture(ctx, room, ben.ID)
	is(t, err, chat.ErrNotFound)
	first := remove(t, s, room, ben, ana, 100)
	post(t, s, room, ana, "two", 1)
	enter(t, s, room, ben)
	second := remove(t, s, room, ben, ben, 200)

	last, err := s.LastDeparture(ctx, room, ben.ID)
	is(t, err, nil)
	equal(t, last, second)
	for since, want := range map[chat.Micros][]chat.Departure{0: {first, second}, 100: {first, second}, 101: {second}, 201: nil} {
		list, err := s.Departures(ctx, since)
		is(t, err, nil)
		equal(t, fmt.Sprint(list), fmt.Sprint(want))
	}
	for cursor, want := range map[int64][]chat.Departure{0: {first, second}, 3: {first, second}, 4: {second}, 6: {second}, 7: nil} {
		c, err := s.Changes(ctx, room, cursor, 9)
		is(t, err, nil)
		equal(t, c.LastSeq, 7)
		equal(t, fmt.Sprint(c.Left), fmt.Sprint(want))
	}
	_, err = s.ConversationIn(ctx, ben.ID, room)
	is(t, err, chat.ErrNotFound)
	page, err := s.MessagesBefore(ctx, ben.ID, room, math.MaxInt64, 9)
	is(t, err, nil)
	equal(t, len(page), 0)
	is(t, s.InTx(ctx, func(tx chat.Tx) error {
		return tx.DeleteMember(ctx, chat.Departure{Room: room, User: ben.ID, By: ana.ID, Seq: 99, At: 1})
	}), chat.ErrNotFound)
	equal(t, len(db.Column[int64](t, s, `SELECT seq FROM departures`)), 2)
}

func testAccounts(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	write(t, s, func(tx chat.Tx) error { return tx.SetDisabled(ctx, ben.ID, 100) })
	after := int64(0)
	list := func(query string, limit int) (names string) {
		t.Helper()
		users, err := s.Accounts(ctx, query, after, limit)
		is(t, err, nil)
		for _, u := range users {
			names += fmt.Sprint(u.Name, u.DisabledAt, u.Role, " ")
		}
		return names
	}
	equal(t, list("", 9), "ana0admin ben100member ")
	equal(t, list("", 1), "ana0admin ")
	equal(t, list("ben@", 9), "ben100member ")
	equal(t, list("_", 9), "")
	after = ana.ID
	equal(t, list("", 9), "ben100member ")
	equal(t, list("ana", 9), "")

	password := func(old, hash string) error {
		return s.InTx(ctx, func(tx chat.Tx) error { return tx.SetPassword(ctx, ana.ID, old, hash) })
	}
	is(t, password("hash of ben", "x"), chat.ErrNotFound)
	is(t, password("hash of ana", "new"), nil)
	_, hash, err := s.UserByEmail(ctx, "ana@example.org")
	is(t, err, nil)
	equal(t, hash, "new")

	kept, other, over := signIn(t, s, ana, "a1"), signIn(t, s, ana, "a2"), signIn(t, s, ana, "a3")
	signIn(t, s, ben, "b1")
	end := func(but int64) (ids []int64) {
		t.Helper()
		write(t, s, func(tx chat.Tx) (err error) {
			ids, err = tx.EndSessions(ctx, ana.ID, but, 300)
			return err
		})
		return ids
	}
	write(t, s, func(tx chat.Tx) error { return tx.EndSession(ctx, over.ID, 200) })
	equal(t, fmt.Sprint(end(kept.ID)), fmt.Sprint([]int64{other.ID}))
	equal(t, fmt.Sprint(end(kept.ID)), "[]")
	equal(t, fmt.Sprint(end(0)), fmt.Sprint([]int64{kept.ID}))
	equal(t, len(db.Column[int64](t, s, `SELECT id FROM sessions WHERE ended_at = 0`)), 1)
}
