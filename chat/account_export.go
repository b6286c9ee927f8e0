package chat

import (
	"context"
	"iter"
	"time"
)

// AccountExportReader reads everything that belongs to a user, page by page. Each page starts after the item given as
// "after".
type AccountExportReader interface {
	// RegisteredAt returns when an account was created.
	RegisteredAt(ctx context.Context, user int64) (Timestamp, error)
	// ExportRooms lists the rooms that a user is or was a member of, ordered by id.
	ExportRooms(ctx context.Context, user, after int64, limit int) ([]ExportedRoom, error)
	// ExportReactions lists the reactions of a user, ordered by message and emoji.
	ExportReactions(ctx context.Context, user int64, after ExportedReaction, limit int) ([]ExportedReaction, error)
	// ExportFiles lists the files of a user, ordered by id.
	ExportFiles(ctx context.Context, user, after int64, limit int) ([]ExportedFile, error)
	// ExportDrafts lists the drafts of a user, ordered by conversation.
	ExportDrafts(ctx context.Context, user int64, after ConversationRef, limit int) ([]ExportedDraft, error)
}

// ExportedRoom is a room that a user is or was a member of.
type ExportedRoom struct {
	ID      int64    `db:"id"`
	Kind    RoomKind `db:"kind"`
	Name    string   `db:"name"` // of the channel, or of the other user
	Peer    int64    `db:"peer"` // the other user; zero in a channel
	Access  Access   `db:"access"`
	Role    Role     `db:"role"` // of the user in the room; empty if they have left
	ReadSeq int64    `db:"read_seq"`
	LastSeq int64    `db:"last_seq"`

	Level      NotificationLevel `db:"level"` // as in Conversation
	MutedUntil Timestamp         `db:"muted_until"`
}

// ExportedReaction is a reaction of a user.
type ExportedReaction struct {
	Message int64  `db:"message_id"`
	Room    int64  `db:"room_id"`
	Emoji   string `db:"emoji"`
}

// ExportedFile is a file of a user. Message is the id of the message that the file belongs to, or zero.
type ExportedFile struct {
	StoredFile
	Message int64 `db:"message_id"`
}

// ExportedDraft is a draft of a user and its conversation.
type ExportedDraft struct {
	ConversationRef
	Draft
}

// exportPageSize is how many items one query of an export reads.
const exportPageSize = 200

// RegisteredAt returns when the account of the acting user was created.
func (s *Service) RegisteredAt(ctx context.Context, by User) (time.Time, error) {
	at, err := s.store.RegisteredAt(ctx, by.ID)
	return at.Time(), err
}

// ExportRooms iterates over the rooms that the acting user is or was a member of, ordered by id.
func (s *Service) ExportRooms(ctx context.Context, by User) iter.Seq2[ExportedRoom, error] {
	return paged(ExportedRoom{}, func(last ExportedRoom) ([]ExportedRoom, error) {
		return s.store.ExportRooms(ctx, by.ID, last.ID, exportPageSize)
	})
}

// ExportMessages iterates over the messages of the acting user in a room, oldest first, without deleted ones.
func (s *Service) ExportMessages(ctx context.Context, by User, room ExportedRoom) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for seq := int64(0); seq < room.LastSeq; {
			messages, scannedTo, err := authoredMessages(ctx, s.store, by.ID, room.ID, seq, exportPageSize)
			if err != nil {
				yield(Message{}, err)
				return
			}
			for _, m := range messages {
				if !yield(m, nil) {
					return
				}
			}
			seq = scannedTo
		}
	}
}

// ExportReactions iterates over the reactions of the acting user, ordered by message.
func (s *Service) ExportReactions(ctx context.Context, by User) iter.Seq2[ExportedReaction, error] {
	return paged(ExportedReaction{}, func(last ExportedReaction) ([]ExportedReaction, error) {
		return s.store.ExportReactions(ctx, by.ID, last, exportPageSize)
	})
}

// ExportFiles iterates over the files of the acting user: files in messages, pending files and the avatar.
func (s *Service) ExportFiles(ctx context.Context, by User) iter.Seq2[ExportedFile, error] {
	return paged(ExportedFile{}, func(last ExportedFile) ([]ExportedFile, error) {
		return s.store.ExportFiles(ctx, by.ID, last.ID, exportPageSize)
	})
}

// ExportPins iterates over the messages that the acting user pinned, ordered by message.
func (s *Service) ExportPins(ctx context.Context, by User) iter.Seq2[ExportedPin, error] {
	return paged(ExportedPin{}, func(last ExportedPin) ([]ExportedPin, error) {
		return s.store.ExportPins(ctx, by.ID, last.Message, exportPageSize)
	})
}

// ExportSavedMessages iterates over the messages that the acting user saved, ordered by message.
func (s *Service) ExportSavedMessages(ctx context.Context, by User) iter.Seq2[ExportedSavedMessage, error] {
	return paged(ExportedSavedMessage{}, func(last ExportedSavedMessage) ([]ExportedSavedMessage, error) {
		return s.store.ExportSavedMessages(ctx, by.ID, last.Message, exportPageSize)
	})
}

// ExportDrafts iterates over the drafts of the acting user.
func (s *Service) ExportDrafts(ctx context.Context, by User) iter.Seq2[ExportedDraft, error] {
	return paged(ExportedDraft{}, func(last ExportedDraft) ([]ExportedDraft, error) {
		return s.store.ExportDrafts(ctx, by.ID, last.ConversationRef, exportPageSize)
	})
}

// ExportInvitations iterates over the open invitations of the acting user, newest first.
func (s *Service) ExportInvitations(ctx context.Context, by User) iter.Seq2[Invitation, error] {
	return paged(Invitation{}, func(last Invitation) ([]Invitation, error) {
		list, err := s.store.Invitations(ctx, by.ID, last.ID, s.now(), exportPageSize)
		if err != nil {
			return nil, err
		}
		return list, addInvitedRooms(ctx, s.store, list)
	})
}

// paged iterates over all items of a list that read returns page by page. Each call of read gets the last item of the
// previous page; the first call gets the item given as "last". An empty page ends the iteration.
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
