package db_test

import (
	"fmt"
	"math"
	"testing"

	"charla/chat"
	"charla/db"
)

func addMember(t testing.TB, tx chat.Tx, room int64, who chat.User) error {
	seq, err := tx.NextSeq(t.Context(), room)
	if err != nil {
		return err
	}
	return tx.InsertMember(t.Context(), room, who.ID, seq)
}

func joinRoom(t testing.TB, s *db.Store, room int64, who chat.User) {
	t.Helper()
	mustWrite(t, s, func(tx chat.Tx) error { return addMember(t, tx, room, who) })
}

// removeMember removes a person from a room and returns the departure.
func removeMember(t testing.TB, s *db.Store, room int64, who, by chat.User, at chat.Timestamp) (d chat.Departure) {
	t.Helper()
	mustWrite(t, s, func(tx chat.Tx) error {
		seq, err := tx.NextSeq(t.Context(), room)
		d = chat.Departure{Room: room, User: who.ID, By: by.ID, Seq: seq, At: at}
		if err != nil {
			return err
		}
		return tx.DeleteMember(t.Context(), d)
	})
	return d
}

func testMembers(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	eva, zoe := createUser(t, s, "Eva"), createUser(t, s, "zoe")
	room := createChannel(t, s, "room", chat.AccessInviteOnly, zoe)
	joinRoom(t, s, room, eva)
	joinRoom(t, s, room, ana)
	list := func(query string, after int64, limit int) (names string) {
		t.Helper()
		members, err := s.Members(ctx, room, query, after, limit)
		wantErr(t, err, nil)
		for _, m := range members {
			names += m.Name + ":" + string(m.Role) + " "
		}
		return names
	}
	equal(t, list("", 0, 9), "ana:member Eva:member zoe:owner ")
	equal(t, list("", 0, 1), "ana:member ")
	equal(t, list("", ana.ID, 9), "Eva:member zoe:owner ")
	equal(t, list("", ben.ID, 9), "Eva:member zoe:owner ") // also after a person who is not a member
	equal(t, list("", 99, 9), "")
	equal(t, list("o", 0, 9), "zoe:owner ")

	outside := func(query string, limit int) (names string) {
		t.Helper()
		people, err := s.FindNonMembers(ctx, ben.ID, room, query, limit)
		wantErr(t, err, nil)
		for _, p := range people {
			names += p.Name + " "
		}
		return names
	}
	fay := createUser(t, s, "fay")
	equal(t, outside("", 9), "ben fay ")
	equal(t, outside("", 1), "ben ")
	equal(t, outside("a", 9), "fay ")
	mustWrite(t, s, func(tx chat.Tx) error { return tx.SetDisabled(ctx, fay.ID, 5) })
	equal(t, outside("", 9), "ben ")

	among := func(rooms []int64, people ...int64) string {
		t.Helper()
		found, err := s.UsersInRooms(ctx, rooms, people)
		wantErr(t, err, nil)
		return fmt.Sprint(found)
	}
	equal(t, among([]int64{room}, zoe.ID, ben.ID, ana.ID, 99), fmt.Sprint([]int64{ana.ID, zoe.ID}))
	equal(t, among([]int64{room, chat.General, 99}, ben.ID, ana.ID), fmt.Sprint([]int64{ana.ID, ben.ID}))
	equal(t, among(nil, ana.ID), "[]")
	equal(t, among([]int64{room}), "[]")

	successor := func() int64 {
		t.Helper()
		var user int64
		mustWrite(t, s, func(tx chat.Tx) (err error) {
			user, err = tx.LongestStandingMember(ctx, room)
			return err
		})
		return user
	}
	removeMember(t, s, room, zoe, zoe, 1)
	equal(t, successor(), eva.ID)
	mustWrite(t, s, func(tx chat.Tx) error { return tx.SetDisabled(ctx, eva.ID, 5) })
	equal(t, successor(), ana.ID) // a disabled account only if there is no other member
	removeMember(t, s, room, ana, ana, 1)
	equal(t, successor(), eva.ID)
	removeMember(t, s, room, eva, eva, 1)
	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error { _, err := tx.LongestStandingMember(ctx, room); return err }),
		chat.ErrNotFound)
}

func testDepartures(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	room := createChannel(t, s, "room", chat.AccessOpen, ana)
	joinRoom(t, s, room, ben)
	postMessage(t, s, room, ben, "one", 1)
	_, err := s.LastDeparture(ctx, room, ben.ID)
	wantErr(t, err, chat.ErrNotFound)
	first := removeMember(t, s, room, ben, ana, 100)
	postMessage(t, s, room, ana, "two", 1)
	joinRoom(t, s, room, ben)
	second := removeMember(t, s, room, ben, ben, 200)

	last, err := s.LastDeparture(ctx, room, ben.ID)
	wantErr(t, err, nil)
	equal(t, last, second)
	for since, want := range map[chat.Timestamp][]chat.Departure{
		0: {first, second}, 100: {first, second}, 101: {second}, 201: nil,
	} {
		list, err := s.Departures(ctx, since)
		wantErr(t, err, nil)
		equal(t, fmt.Sprint(list), fmt.Sprint(want))
	}
	for cursor, want := range map[int64][]chat.Departure{
		0: {first, second}, 3: {first, second}, 4: {second}, 6: {second}, 7: nil,
	} {
		c, err := s.Changes(ctx, room, cursor, 9)
		wantErr(t, err, nil)
		equal(t, c.LastSeq, 7)
		equal(t, fmt.Sprint(c.Left), fmt.Sprint(want))
	}
	_, err = s.ConversationIn(ctx, ben.ID, room)
	wantErr(t, err, chat.ErrNotFound)
	page, err := s.MessagesBefore(ctx, ben.ID, room, math.MaxInt64, 9)
	wantErr(t, err, nil)
	equal(t, len(page), 0)
	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error {
		return tx.DeleteMember(ctx, chat.Departure{Room: room, User: ben.ID, By: ana.ID, Seq: 99, At: 1})
	}), chat.ErrNotFound)
	equal(t, len(db.Column[int64](t, s, `SELECT seq FROM departures`)), 2)
}
