package db_test

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"testing"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
)

// seedCommunity creates a community of a realistic size. It returns a person with 20 direct conversations of 500
// messages, some of them unread, and one of these rooms.
func seedCommunity(b *testing.B, s *db.Store) (user chat.User, room int64) {
	ctx := b.Context()
	var users []chat.User
	for i := range 20 {
		users = append(users, createUser(b, s, fmt.Sprintf("person %d", i)))
	}
	mustWrite(b, s, func(tx chat.Tx) error {
		_, err := tx.InsertSession(ctx, chat.Session{UserID: users[0].ID, ExpiresAt: 100}, "hash")
		if err != nil {
			return err
		}
		for _, peer := range users {
			if room, err = tx.EnsureDirectRoom(ctx, users[0].ID, peer.ID, 1); err != nil {
				return err
			}
			for n := range 500 {
				if err := insertMessage(ctx, tx, room, peer.ID, fmt.Sprintf("%d/%d", room, n)); err != nil {
					return err
				}
			}
			if _, err := tx.SetReadMarker(ctx, room, users[0].ID, 490, -1); err != nil {
				return err
			}
		}
		return nil
	})
	return users[0], room
}

func BenchmarkSQLite(b *testing.B)   { benchmarkStore(b, dbtest.OpenSQLite(b)) }
func BenchmarkPostgres(b *testing.B) { benchmarkStore(b, dbtest.OpenPostgres(b)) }

func benchmarkStore(b *testing.B, s *db.Store) {
	user, room := seedCommunity(b, s)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	session := func() error { _, _, err := s.Session(ctx, "hash", 1); return err }
	list := func() error { _, err := s.Conversations(ctx, user.ID, 0, 100); return err }
	one := func() error { _, err := s.ConversationIn(ctx, user.ID, room); return err }
	page := func() error { _, err := s.MessagesBefore(ctx, user.ID, room, math.MaxInt64, 51); return err }
	reads := map[string]func() error{
		"Session": session, "Conversations": list, "ConversationIn": one, "MessagesBefore": page,
		"Changes": func() error { _, err := s.Changes(ctx, room, 495, 500); return err },
		"WholePage": func() error {
			for _, f := range []func() error{session, list, one, page} {
				if err := f(); err != nil {
					return err
				}
			}
			return nil
		},
	}
	for name, f := range reads {
		b.Run(name, func(b *testing.B) { runParallel(b, f) })
	}
	for _, n := range []int{20, 1000} {
		b.Run(fmt.Sprint("LastSeqs", n), func(b *testing.B) {
			topics := make([]chat.StreamKey, n)
			for i := range topics {
				topics[i] = chat.StreamKey{Low: user.ID, High: int64(i + 1)}
			}
			runParallel(b, func() error { _, err := s.LastSeqs(ctx, topics); return err })
		})
	}
	b.Run("PostOf32", func(b *testing.B) { // 32 concurrent callers on two processors
		var n atomic.Int64
		b.SetParallelism(16)
		runParallel(b, func() error {
			key := fmt.Sprintf("crowd %d %d", b.N, n.Add(1))
			return s.InTx(ctx, func(tx chat.Tx) error { return insertMessage(ctx, tx, room, user.ID, key+b.Name()) })
		})
	})
	b.Run("Post", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			key := fmt.Sprintf("bench %d %d", b.N, i)
			mustWrite(b, s, func(tx chat.Tx) error { return insertMessage(ctx, tx, room, user.ID, key+b.Name()) })
		}
	})
}

// runParallel measures f on all processors.
func runParallel(b *testing.B, f func() error) {
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := f(); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
