package db_test

import (
	"fmt"
	"testing"

	"charla/chat"
	"charla/db"
)

func testAccountExport(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	pair := directRoom(t, s, ana, ben)
	first := postMessage(t, s, pair, ana, "1", 1)
	second := postMessage(t, s, pair, ben, "2", 2)
	third := postMessage(t, s, pair, ana, "3", 3)
	gone := postMessage(t, s, pair, ana, "4", 4)
	gone.DeletedAt = 5
	mustWrite(t, s, func(tx chat.Tx) error {
		for _, emoji := range []string{"🎉", "👍"} {
			if err := tx.InsertReaction(ctx, second.ID, ana.ID, emoji, 9); err != nil {
				return err
			}
		}
		if err := tx.InsertReaction(ctx, first.ID, ben.ID, "🎉", 9); err != nil {
			return err
		}
		return tx.UpdateMessage(ctx, gone)
	})
	by := func(after, upto int64, limit int) (seqs []int64) {
		t.Helper()
		list, err := s.MessagesByAuthor(ctx, ana.ID, pair, after, upto, limit)
		wantErr(t, err, nil)
		for _, m := range list {
			seqs = append(seqs, m.Seq)
		}
		return seqs
	}
	equal(t, fmt.Sprint(by(0, 99, 9)), fmt.Sprint([]int64{first.Seq, third.Seq}))
	equal(t, fmt.Sprint(by(0, 99, 1), by(first.Seq, 99, 9), by(0, second.Seq, 9)),
		fmt.Sprint([]int64{first.Seq}, []int64{third.Seq}, []int64{first.Seq}))

	reacted, err := s.MessagesReactedTo(ctx, ana.ID, pair, 9)
	wantErr(t, err, nil)
	equal(t, len(reacted), 1)
	equal(t, reacted[0].ID, second.ID)
	var emoji string
	for after := (chat.ExportedReaction{}); ; {
		page, err := s.ExportReactions(ctx, ana.ID, after, 1)
		wantErr(t, err, nil)
		if len(page) == 0 {
			break
		}
		after = page[0]
		equal(t, after.Room, pair)
		emoji += after.Emoji
	}
	equal(t, len(emoji), len("🎉👍"))

	rooms, err := s.ExportRooms(ctx, ana.ID, 0, 9)
	wantErr(t, err, nil)
	equal(t, rooms[1], chat.ExportedRoom{ID: pair, Kind: chat.Direct, Name: "ben", Peer: ben.ID,
		Access: rooms[1].Access, Role: chat.RoleMember, LastSeq: 4})
	more, err := s.ExportRooms(ctx, ana.ID, pair, 9)
	wantErr(t, err, nil)
	equal(t, len(more), 0)
	at, err := s.RegisteredAt(ctx, ana.ID)
	wantErr(t, err, nil)
	equal(t, at, 1)
}
