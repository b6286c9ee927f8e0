package db_test

import (
	"testing"

	"charla/chat"
	"charla/db"
)

// testTurns: a room remembers whom the next message follows, whoever asks by its id or by the pair, and time does not run
// back in it by less than a quarter of an hour. Who is not in the room gets a number but no message, and so neither.
func testTurns(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben, eve := register(t, s, "ana"), register(t, s, "ben"), register(t, s, "eve")
	room := direct(t, s, ana, ben)
	say := func(author chat.User, p chat.Place, at chat.Micros) (turn chat.Turn, err error) {
		return turn, s.InTx(ctx, func(tx chat.Tx) error {
			if turn, err = tx.NextTurn(ctx, author.ID, p, at); err != nil {
				return err
			}
			_, err = tx.InsertMessage(ctx, chat.Message{Room: turn.Room, Seq: turn.LastSeq, ChangedSeq: turn.LastSeq,
				AuthorID: author.ID, Key: string(rune('a' + turn.LastSeq)), PostedAt: turn.PostedAt}, "")
			return err
		})
	}
	first, err := say(ana, chat.Place{With: ben.ID}, 50)
	is(t, err, nil)
	equal(t, first, chat.Turn{PostedAt: 50,
		Conversation: chat.Conversation{Room: room, Kind: chat.Direct, Name: "ben", LastSeq: 1, Access: "invited", Me: ana.ID, Peer: ben.ID}})

	_, err = say(eve, chat.Place{Room: room}, 60)
	is(t, err, chat.ErrNotFound)

	second, err := say(ben, chat.Place{Room: room}, 40)
	is(t, err, nil)
	equal(t, second, chat.Turn{PostedAt: 50, PreviousAuthor: ana.ID, PreviousAt: 50,
		Conversation: chat.Conversation{Room: room, Kind: chat.Direct, Name: "ana", LastSeq: 2, Access: "invited", Me: ben.ID, Peer: ana.ID}})

	const quarter = 15 * 60 * 1_000_000
	for _, c := range []struct{ at, counts chat.Micros }{{3 * quarter, 3 * quarter}, {2 * quarter, 3 * quarter}, {2*quarter - 1, 2*quarter - 1}} {
		turn, err := say(ben, chat.Place{Room: room}, c.at)
		is(t, err, nil)
		equal(t, turn.PostedAt, c.counts)
	}

	third, err := say(ana, chat.Place{Room: chat.General}, 70)
	is(t, err, nil)
	equal(t, third.Conversation.Name, "General")
	equal(t, third.Conversation.Topic(), chat.Topic{Room: chat.General})
}
