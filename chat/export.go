package chat

import (
	"context"
	"iter"
	"time"
)

// PastRoom is a room that a person is or was in.
type PastRoom struct {
	ID      int64  `db:"id"`
	Kind    Kind   `db:"kind"`
	Name    string `db:"name"` // a channel's own name, a direct conversation's other person
	Peer    int64  `db:"peer"` // the other person; zero in a channel
	Access  Access `db:"access"`
	Role    Role   `db:"role"` // the person's own; empty where they are no longer
	ReadSeq int64  `db:"read_seq"`
	LastSeq int64  `db:"last_seq"`
}

// OwnReaction is a reaction of a person to a message.
type OwnReaction struct {
	Message int64  `db:"message_id"`
	Room    int64  `db:"room_id"`
	Emoji   string `db:"emoji"`
}

// OwnFile is a file of a person and the message that it is in; zero for none.
type OwnFile struct {
	StoredFile
	Message int64 `db:"message_id"`
}

// PlacedDraft is a draft and where it stands.
type PlacedDraft struct {
	Place
	Draft
}

// exportPage is how much of what is somebody's own is read at a time.
const exportPage = 200

// RegisteredAt tells when the account of by was made.
func (s *Service) RegisteredAt(ctx context.Context, by User) (time.Time, error) {
	at, err := s.store.RegisteredAt(ctx, by.ID)
	return at.Time(), err
}

// PastRooms iterates over the rooms that by is or was in, in the order of their ids.
func (s *Service) PastRooms(ctx context.Context, by User) iter.Seq2[PastRoom, error] {
	return paged(PastRoom{}, func(last PastRoom) ([]PastRoom, error) { return s.store.PastRooms(ctx, by.ID, last.ID, exportPage) })
}

// Written iterates over what by wrote in a room, oldest first, less what was deleted.
func (s *Service) Written(ctx context.Context, by User, room PastRoom) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for seq := int64(0); seq < room.LastSeq; {
			messages, reached, err := written(ctx, s.store, by.ID, room.ID, seq, exportPage)
			if err != nil {
				yield(Message{}, err)
				return
			}
			for _, m := range messages {
				if !yield(m, nil) {
					return
				}
			}
			seq = reached
		}
	}
}

// ReactionsBy iterates over the reactions of by, in the order of the messages.
func (s *Service) ReactionsBy(ctx context.Context, by User) iter.Seq2[OwnReaction, error] {
	return paged(OwnReaction{}, func(last OwnReaction) ([]OwnReaction, error) {
		return s.store.ReactionsBy(ctx, by.ID, last, exportPage)
	})
}

// FilesOf iterates over the files of by: sent, waiting, or their picture.
func (s *Service) FilesOf(ctx context.Context, by User) iter.Seq2[OwnFile, error] {
	return paged(OwnFile{}, func(last OwnFile) ([]OwnFile, error) { return s.store.FilesOf(ctx, by.ID, last.ID, exportPage) })
}

// DraftsOf iterates over the drafts of by.
func (s *Service) DraftsOf(ctx context.Context, by User) iter.Seq2[PlacedDraft, error] {
	return paged(PlacedDraft{}, func(last PlacedDraft) ([]PlacedDraft, error) {
		return s.store.DraftsOf(ctx, by.ID, last.Place, exportPage)
	})
}

// paged iterates over what read returns page by page, each after the last of the one before, until one is empty.
func paged[T any](last T, read func(last T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			page, err := read(last)
			if err != nil {
				yield(last, err)
				return
			}
			for _, last = range page {
				if !yield(last, nil) {
					return
				}
			}
			if len(page) == 0 {
				return
			}
		}
	}
}
