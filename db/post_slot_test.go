package db_test

import (
	"testing"

	"charla/chat"
	"charla/db"
)

// testReservePost: a room remembers whom the next message follows, whoever asks by its id or by the pair, and time does not run
// back in it by less than a quarter of an hour. Who is not in the room gets a number but no message, and so neither.
func testReservePost(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben, eve := createUser(t, s, "ana"), createUser(t, s, "ben"), createUser(t, s, "eve")
	room := directRoom(t, s, ana, ben)
	say := func(author chat.User, p chat.ConversationRef, at chat.Timestamp) (turn chat.PostSlot, err error) {
		return turn, s.InTx(ctx, func(tx chat.Tx) error {
			if turn, err = tx.ReservePost(ctx, author.ID, p, at, maxSkew); err != nil {
				return err
			}
			_, err = tx.InsertMessage(ctx, chat.Message{Room: turn.Room, Seq: turn.LastSeq, ChangedSeq: turn.LastSeq,
				AuthorID: author.ID, Key: string(rune('a' + turn.LastSeq)), PostedAt: turn.PostedAt}, "")
			return err
		})
	}
	first, err := say(ana, chat.ConversationRef{With: ben.ID}, 50)
	wantErr(t, err, nil)
	equal(t, first, chat.PostSlot{PostedAt: 50,
		Conversation: chat.Conversation{Room: room, Kind: chat.Direct, Name: "ben", LastSeq: 1, Access: "invited", Viewer: ana.ID, Peer: ben.ID}})

	_, err = say(eve, chat.ConversationRef{Room: room}, 60)
	wantErr(t, err, chat.ErrNotFound)

	second, err := say(ben, chat.ConversationRef{Room: room}, 40)
	wantErr(t, err, nil)
	equal(t, second, chat.PostSlot{PostedAt: 50, PreviousAuthor: ana.ID, PreviousAt: 50,
		Conversation: chat.Conversation{Room: room, Kind: chat.Direct, Name: "ana", LastSeq: 2, Access: "invited", Viewer: ben.ID, Peer: ana.ID}})

	const quarter = 15 * 60 * 1_000_000
	for _, c := range []struct{ at, counts chat.Timestamp }{{3 * quarter, 3 * quarter}, {2 * quarter, 3 * quarter}, {2*quarter - 1, 2*quarter - 1}} {
		turn, err := say(ben, chat.ConversationRef{Room: room}, c.at)
		wantErr(t, err, nil)
		equal(t, turn.PostedAt, c.counts)
	}

	third, err := say(ana, chat.ConversationRef{Room: chat.General}, 70)
	wantErr(t, err, nil)
	equal(t, third.Conversation.Name, "General")
	equal(t, third.Conversation.StreamKey(), chat.StreamKey{Room: chat.General})
}
