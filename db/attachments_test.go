package db_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"charla/chat"
	"charla/db"
)

// insertFile stores a pending file in the composer of General.
func insertFile(t testing.TB, s *db.Store, owner chat.User, content int64, name string) (f chat.File) {
	t.Helper()
	mustWrite(t, s, func(tx chat.Tx) (err error) {
		f, err = tx.InsertFile(t.Context(), chat.NewFile{Blob: content, Owner: owner.ID,
			Conversation: chat.ConversationRef{Room: chat.General}, Name: name, Alt: "alt of " + name, CreatedAt: 5})
		return err
	})
	return f
}

// postWithFiles posts a message and attaches pending files of its author.
func postWithFiles(t testing.TB, s *db.Store, room int64, author chat.User, key string,
	files ...int64) (m chat.Message) {
	t.Helper()
	mustWrite(t, s, func(tx chat.Tx) error {
		slot, err := tx.ReservePost(t.Context(), author.ID, chat.ConversationRef{Room: room}, 9, maxSkew)
		if err != nil {
			return err
		}
		list, err := tx.PendingFilesByID(t.Context(), author.ID, files)
		if err != nil {
			return err
		}
		id, err := tx.InsertMessage(t.Context(), chat.Message{Room: room, Seq: slot.LastSeq, ChangedSeq: slot.LastSeq,
			AuthorID: author.ID, Key: key, PostedAt: 9, Files: list}, "digest")
		if err != nil {
			return err
		}
		if n, err := tx.AttachFiles(t.Context(), author.ID, files, id); err != nil || n != len(files) {
			return fmt.Errorf("attached %d of %d files: %w", n, len(files), err)
		}
		m, err = tx.Message(t.Context(), author.ID, id)
		return err
	})
	return m
}

func testFiles(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben, eve := createUser(t, s, "ana"), createUser(t, s, "ben"), createUser(t, s, "eve")
	room := directRoom(t, s, ana, ben)
	c := insertBlob(t, s, "hash", 70)
	a, b := insertFile(t, s, ana, c, "a.png"), insertFile(t, s, ana, c, "b.png")
	equal(t, a, chat.File{ID: a.ID, Name: "a.png", Alt: "alt of a.png", Type: "image/png", Size: 70, Width: 4,
		Height: 3, Animated: true})
	general := chat.ConversationRef{Room: chat.General}
	waiting, err := s.PendingFiles(ctx, ana.ID, general, 9)
	wantErr(t, err, nil)
	equal(t, fmt.Sprint(waiting), fmt.Sprint([]chat.File{a, b}))
	used, err := s.Usage(ctx, ana.ID, general)
	wantErr(t, err, nil)
	equal(t, used, chat.Usage{Bytes: 140, Pending: 2})

	_, err = s.File(ctx, ben.ID, a.ID)
	wantErr(t, err, chat.ErrNotFound)
	m := postWithFiles(t, s, room, ana, "k", b.ID, a.ID)
	equal(t, fmt.Sprint(m.Files), fmt.Sprint([]chat.File{b, a}))
	for _, who := range []chat.User{ana, ben} {
		f, err := s.File(ctx, who.ID, a.ID)
		wantErr(t, err, nil)
		equal(t, f, chat.StoredFile{File: a, Object: "ohash"})
	}
	_, err = s.File(ctx, eve.ID, a.ID)
	wantErr(t, err, chat.ErrNotFound)
	page, err := s.MessagesBefore(ctx, ben.ID, room, 99, 9)
	wantErr(t, err, nil)
	equal(t, page[0], m)
	changes, err := s.Changes(ctx, room, 0, 9)
	wantErr(t, err, nil)
	equal(t, changes.Added[0], m)

	mustWrite(t, s, func(tx chat.Tx) error {
		_, err := tx.SetFileAlt(ctx, ana.ID, a.ID, "late")
		wantErr(t, err, chat.ErrNotFound)
		_, _, err = tx.DeletePendingFile(ctx, ana.ID, a.ID)
		wantErr(t, err, chat.ErrNotFound)
		list, err := tx.PendingFilesByID(ctx, ana.ID, []int64{a.ID})
		equal(t, len(list), 0)
		return err
	})
	mustWrite(t, s, func(tx chat.Tx) error {
		unused, err := tx.DeleteMessageFiles(ctx, m.ID)
		equal(t, fmt.Sprint(unused), fmt.Sprint([]int64{c, c}))
		return err
	})
	unused, err := s.UnusedBlobs(ctx, 9)
	wantErr(t, err, nil)
	equal(t, fmt.Sprint(unused), fmt.Sprint([]int64{c}))
	orphans, err := s.UnreferencedObjects(ctx, []string{"x", "ohash", "a"})
	wantErr(t, err, nil)
	equal(t, fmt.Sprint(orphans), "[a x]")
	mustWrite(t, s, func(tx chat.Tx) error {
		objects, err := tx.DeleteBlobs(ctx, unused)
		equal(t, fmt.Sprint(objects), "[ohash]")
		return err
	})
}

func testUnattachedFiles(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	c := insertBlob(t, s, "hash", 70)
	a, b, picture := insertFile(t, s, ana, c, "a"), insertFile(t, s, ana, c, "b"), insertFile(t, s, ana, c, "picture")
	general := chat.ConversationRef{Room: chat.General}
	mustWrite(t, s, func(tx chat.Tx) error {
		p, err := tx.SetFileAlt(ctx, ana.ID, a.ID, "words")
		wantErr(t, err, nil)
		equal(t, p, general)
		_, err = tx.SetFileAlt(ctx, ben.ID, a.ID, "another's")
		wantErr(t, err, chat.ErrNotFound)
		_, _, err = tx.DeletePendingFile(ctx, ben.ID, a.ID)
		wantErr(t, err, chat.ErrNotFound)
		p, of, err := tx.DeletePendingFile(ctx, ana.ID, b.ID)
		equal(t, p, general)
		equal(t, of, c)
		return err
	})
	mustWrite(t, s, func(tx chat.Tx) error {
		before, err := tx.SetAvatar(ctx, ana.ID, picture.ID)
		equal(t, len(before), 0)
		return err
	})
	f, err := s.File(ctx, ben.ID, picture.ID)
	wantErr(t, err, nil)
	equal(t, f.IsAvatar, true)
	person, err := s.User(ctx, ana.ID)
	wantErr(t, err, nil)
	equal(t, person.Avatar, picture.ID)
	waiting, err := s.PendingFiles(ctx, ana.ID, general, 9)
	wantErr(t, err, nil)
	equal(t, len(waiting), 1)
	equal(t, waiting[0].Alt, "words")
	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error { _, err := tx.SetAvatar(ctx, ben.ID, a.ID); return err }),
		chat.ErrNotFound)

	mustWrite(t, s, func(tx chat.Tx) error { return tx.DeleteStaleFiles(ctx, 6) })
	_, err = s.File(ctx, ana.ID, a.ID)
	wantErr(t, err, chat.ErrNotFound)
	_, err = s.File(ctx, ana.ID, picture.ID)
	wantErr(t, err, nil)
	mustWrite(t, s, func(tx chat.Tx) error {
		before, err := tx.SetAvatar(ctx, ana.ID, 0)
		equal(t, fmt.Sprint(before), fmt.Sprint([]int64{c}))
		return err
	})
	_, err = s.File(ctx, ben.ID, picture.ID)
	wantErr(t, err, chat.ErrNotFound)
}

// testFileAttachedTwice attaches a file to two messages at the same time. Only one of them may get it.
func testFileAttachedTwice(t *testing.T, s *db.Store) {
	ctx := context.WithoutCancel(t.Context())
	ana := createUser(t, s, "ana")
	rooms := []int64{chat.General, directRoom(t, s, ana, createUser(t, s, "ben"))}
	for i := range 20 {
		f := insertFile(t, s, ana, insertBlob(t, s, fmt.Sprint("hash", i), 1), "x")
		ms := []chat.Message{
			postMessage(t, s, rooms[0], ana, fmt.Sprint("a", i), 5),
			postMessage(t, s, rooms[1], ana, fmt.Sprint("b", i), 5),
		}
		var both sync.WaitGroup
		var sent [2]int
		for n := range 2 {
			both.Go(func() {
				s.InTx(ctx, func(tx chat.Tx) (err error) {
					sent[n], err = tx.AttachFiles(ctx, ana.ID, []int64{f.ID}, ms[n].ID)
					return err
				})
			})
		}
		both.Wait()
		if sent[0]+sent[1] != 1 {
			t.Fatalf("the two messages got %v files", sent)
		}
	}
}
