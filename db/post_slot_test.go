package db_test

import (
	"testing"

	"charla/chat"
	"charla/db"
)

// testReservePost checks that a slot has the author and time of the previous message, whether the room is found by its
// id or by its two members, and that the time does not go back by less than maxSkew. An author who is not a member gets
// a slot but no message, and the transaction is rolled back.
func testReservePost(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben, eve := createUser(t, s, "ana"), createUser(t, s, "ben"), createUser(t, s, "eve")
	room := directRoom(t, s, ana, ben)
	post := func(author chat.User, p chat.ConversationRef, at chat.Timestamp) (slot chat.PostSlot, err error) {
		return slot, s.InTx(ctx, func(tx chat.Tx) error {
			if slot, err = tx.ReservePost(ctx, author.ID, p, at, maxSkew); err != nil {
				return err
			}
			_, err = tx.InsertMessage(ctx, chat.Message{Room: slot.Room, Seq: slot.LastSeq, ChangedSeq: slot.LastSeq,
				AuthorID: author.ID, Key: string(rune('a' + slot.LastSeq)), PostedAt: slot.PostedAt}, "")
			return err
		})
	}
	first, err := post(ana, chat.ConversationRef{With: ben.ID}, 50)
	wantErr(t, err, nil)
	equal(t, first, chat.PostSlot{PostedAt: 50,
		Conversation: chat.Conversation{Room: room, Kind: chat.Direct, Name: "ben", LastSeq: 1, Access: "invited",
			Viewer: ana.ID, Peer: ben.ID}})

	_, err = post(eve, chat.ConversationRef{Room: room}, 60)
	wantErr(t, err, chat.ErrNotFound)

	second, err := post(ben, chat.ConversationRef{Room: room}, 40)
	wantErr(t, err, nil)
	equal(t, second, chat.PostSlot{PostedAt: 50, PreviousAuthor: ana.ID, PreviousAt: 50,
		Conversation: chat.Conversation{Room: room, Kind: chat.Direct, Name: "ana", LastSeq: 2, Access: "invited",
			Viewer: ben.ID, Peer: ana.ID}})

	for _, c := range []struct{ at, want chat.Timestamp }{
		{3 * maxSkew, 3 * maxSkew}, {2 * maxSkew, 3 * maxSkew}, {2*maxSkew - 1, 2*maxSkew - 1},
	} {
		slot, err := post(ben, chat.ConversationRef{Room: room}, c.at)
		wantErr(t, err, nil)
		equal(t, slot.PostedAt, c.want)
	}

	third, err := post(ana, chat.ConversationRef{Room: chat.General}, 70)
	wantErr(t, err, nil)
	equal(t, third.Conversation.Name, "General")
	equal(t, third.Conversation.StreamKey(), chat.StreamKey{Room: chat.General})
}
