package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"charla/chat"
	"charla/db"
)

// content stores content under a hash and returns its id.
func content(t testing.TB, s *db.Store, hash string, size int64) (id int64) {
	t.Helper()
	write(t, s, func(tx chat.Tx) error {
		err := tx.InsertContent(t.Context(), chat.Content{Object: "o" + hash, Hash: hash, Type: "image/png", Size: size, Width: 4, Height: 3, Moves: true}, 1)
		if err == nil {
			id, _, err = tx.ContentByHash(t.Context(), hash)
		}
		return err
	})
	return id
}

// upload stores a file that waits in General.
func upload(t testing.TB, s *db.Store, owner chat.User, content int64, name string) (f chat.File) {
	t.Helper()
	write(t, s, func(tx chat.Tx) (err error) {
		f, err = tx.InsertFile(t.Context(), chat.NewFile{Content: content, Owner: owner.ID, Place: chat.Place{Room: chat.General}, Name: name, Alt: "alt of " + name, CreatedAt: 5})
		return err
	})
	return f
}

// send posts a message with files of its author.
func send(t testing.TB, s *db.Store, room int64, author chat.User, key string, files ...int64) (m chat.Message) {
	t.Helper()
	write(t, s, func(tx chat.Tx) error {
		turn, err := tx.NextTurn(t.Context(), author.ID, chat.Place{Room: room}, 9)
		if err != nil {
			return err
		}
		list, err := tx.FilesToSend(t.Context(), author.ID, files)
		if err != nil {
			return err
		}
		id, err := tx.InsertMessage(t.Context(), chat.Message{Room: room, Seq: turn.LastSeq, ChangedSeq: turn.LastSeq, AuthorID: author.ID,
			Key: key, PostedAt: 9, Files: list}, "digest")
		if err != nil {
			return err
		}
		if n, err := tx.SendFiles(t.Context(), author.ID, files, id); err != nil || n != len(files) {
			return fmt.Errorf("sent %d of %d files: %w", n, len(files), err)
		}
		m, err = tx.Message(t.Context(), author.ID, id)
		return err
	})
	return m
}

func testFiles(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben, eve := register(t, s, "ana"), register(t, s, "ben"), register(t, s, "eve")
	room := direct(t, s, ana, ben)
	c := content(t, s, "hash", 70)
	a, b := upload(t, s, ana, c, "a.png"), upload(t, s, ana, c, "b.png")
	equal(t, a, chat.File{ID: a.ID, Name: "a.png", Alt: "alt of a.png", Type: "image/png", Size: 70, Width: 4, Height: 3, Moves: true})
	general := chat.Place{Room: chat.General}
	waiting, err := s.WaitingFiles(ctx, ana.ID, general, 9)
	is(t, err, nil)
	equal(t, fmt.Sprint(waiting), fmt.Sprint([]chat.File{a, b}))
	used, err := s.Usage(ctx, ana.ID, general)
	is(t, err, nil)
	equal(t, used, chat.Usage{Bytes: 140, Waiting: 2})

	_, err = s.File(ctx, ben.ID, a.ID)
	is(t, err, chat.ErrNotFound)
	m := send(t, s, room, ana, "k", b.ID, a.ID)
	equal(t, fmt.Sprint(m.Files.List()), fmt.Sprint([]chat.File{b, a}))
	for _, who := range []chat.User{ana, ben} {
		f, err := s.File(ctx, who.ID, a.ID)
		is(t, err, nil)
		equal(t, f, chat.StoredFile{File: a, Object: "ohash"})
	}
	_, err = s.File(ctx, eve.ID, a.ID)
	is(t, err, chat.ErrNotFound)
	page, err := s.MessagesBefore(ctx, ben.ID, room, 99, 9)
	is(t, err, nil)
	equal(t, page[0], m)
	changes, err := s.Changes(ctx, room, 0, 9)
	is(t, err, nil)
	equal(t, changes.Added[0], m)

	write(t, s, func(tx chat.Tx) error {
		_, err := tx.SetAlt(ctx, ana.ID, a.ID, "late")
		is(t, err, chat.ErrNotFound)
		_, _, err = tx.DeleteWaiting(ctx, ana.ID, a.ID)
		is(t, err, chat.ErrNotFound)
		list, err := tx.FilesToSend(ctx, ana.ID, []int64{a.ID})
		equal(t, list, "")
		return err
	})
	write(t, s, func(tx chat.Tx) error {
		unused, err := tx.DeleteFiles(ctx, m.ID)
		equal(t, fmt.Sprint(unused), fmt.Sprint([]int64{c, c}))
		return err
	})
	unused, err := s.UnusedContents(ctx, 9)
	is(t, err, nil)
	equal(t, fmt.Sprint(unused), fmt.Sprint([]int64{c}))
	orphans, err := s.OrphansAmong(ctx, []string{"x", "ohash", "a"})
	is(t, err, nil)
	equal(t, fmt.Sprint(orphans), "[a x]")
	write(t, s, func(tx chat.Tx) error {
		objects, err := tx.DeleteContents(ctx, unused)
		equal(t, fmt.Sprint(objects), "[ohash]")
		return err
	})
}

func testWaitingFiles(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	c := content(t, s, "hash", 70)
	a, b, picture := upload(t, s, ana, c, "a"), upload(t, s, ana, c, "b"), upload(t, s, ana, c, "picture")
	general := chat.Place{Room: chat.General}
	write(t, s, func(tx chat.Tx) error {
		p, err := tx.SetAlt(ctx, ana.ID, a.ID, "words")
		is(t, err, nil)
		equal(t, p, general)
		_, err = tx.SetAlt(ctx, ben.ID, a.ID, "another's")
		is(t, err, chat.ErrNotFound)
		_, _, err = tx.DeleteWaiting(ctx, ben.ID, a.ID)
		is(t, err, chat.ErrNotFound)
		p, of, err := tx.DeleteWaiting(ctx, ana.ID, b.ID)
		equal(t, p, general)
		equal(t, of, c)
		return err
	})
	write(t, s, func(tx chat.Tx) error {
		before, err := tx.SetAvatar(ctx, ana.ID, picture.ID)
		equal(t, len(before), 0)
		return err
	})
	f, err := s.File(ctx, ben.ID, picture.ID)
	is(t, err, nil)
	equal(t, f.Avatar, true)
	person, err := s.User(ctx, ana.ID)
	is(t, err, nil)
	equal(t, person.Avatar, picture.ID)
	waiting, err := s.WaitingFiles(ctx, ana.ID, general, 9)
	is(t, err, nil)
	equal(t, len(waiting), 1)
	equal(t, waiting[0].Alt, "words")
	is(t, s.InTx(ctx, func(tx chat.Tx) error { _, err := tx.SetAvatar(ctx, ben.ID, a.ID); return err }), chat.ErrNotFound)

	write(t, s, func(tx chat.Tx) error { return tx.DeleteStale(ctx, 6) })
	_, err = s.File(ctx, ana.ID, a.ID)
	is(t, err, chat.ErrNotFound)
	_, err = s.File(ctx, ana.ID, picture.ID)
	is(t, err, nil)
	write(t, s, func(tx chat.Tx) error {
		before, err := tx.SetAvatar(ctx, ana.ID, 0)
		equal(t, fmt.Sprint(before), fmt.Sprint([]int64{c}))
		return err
	})
	_, err = s.File(ctx, ben.ID, picture.ID)
	is(t, err, chat.ErrNotFound)
}

// A file that is made of content while that is being forgotten has it, or is refused: on no account does it stay without.
func testContentForgottenMeanwhile(t *testing.T, s *db.Store) {
	ctx := context.WithoutCancel(t.Context())
	ana := register(t, s, "ana")
	for i := range 40 {
		c := content(t, s, fmt.Sprint("hash", i), 1)
		var both sync.WaitGroup
		both.Go(func() {
			s.InTx(ctx, func(tx chat.Tx) error { _, err := tx.DeleteContents(ctx, []int64{c}); return err })
		})
		var made error
		both.Go(func() {
			made = s.InTx(ctx, func(tx chat.Tx) error {
				_, err := tx.InsertFile(ctx, chat.NewFile{Content: c, Owner: ana.ID, Name: "x"})
				return err
			})
		})
		both.Wait()
		_, _, err := s.ContentByHash(ctx, fmt.Sprint("hash", i))
		switch {
		case made == nil && err != nil:
			t.Fatalf("a file without its content: %v", err)
		case made != nil && !errors.Is(made, chat.ErrNotFound):
			t.Fatalf("making a file: %v", made)
		}
	}
}

// Two messages that want the same file: one gets it.
func testOneFileSentTwice(t *testing.T, s *db.Store) {
	ctx := context.WithoutCancel(t.Context())
	ana := register(t, s, "ana")
	rooms := []int64{chat.General, direct(t, s, ana, register(t, s, "ben"))}
	for i := range 20 {
		f := upload(t, s, ana, content(t, s, fmt.Sprint("hash", i), 1), "x")
		ms := []chat.Message{post(t, s, rooms[0], ana, fmt.Sprint("a", i), 5), post(t, s, rooms[1], ana, fmt.Sprint("b", i), 5)}
		var both sync.WaitGroup
		var sent [2]int
		for n := range 2 {
			both.Go(func() {
				s.InTx(ctx, func(tx chat.Tx) (err error) {
					sent[n], err = tx.SendFiles(ctx, ana.ID, []int64{f.ID}, ms[n].ID)
					return err
				})
			})
		}
		both.Wait()
		if sent[0]+sent[1] != 1 {
			t.Fatalf("sent %v", sent)
		}
	}
}
