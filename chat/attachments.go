package chat

import "context"

// AttachmentReader reads pending files. A pending file was uploaded, but no message contains it yet. It waits in the
// composer of one conversation, or in none if its conversation is the zero ConversationRef.
type AttachmentReader interface {
	// PendingFiles lists the pending files of a user for a conversation, oldest first.
	PendingFiles(ctx context.Context, user int64, ref ConversationRef, limit int) ([]File, error)
	// Usage returns how many bytes a user has stored, and how many pending files they have for a conversation.
	Usage(ctx context.Context, user int64, ref ConversationRef) (Usage, error)
}

// AttachmentWriter stores files and attaches them to messages.
type AttachmentWriter interface {
	// InsertFile adds a pending file and returns it. It returns ErrNotFound if the file's blob was deleted.
	InsertFile(ctx context.Context, f NewFile) (File, error)
	// SetFileAlt sets the alternative text of a pending file and returns the file's conversation.
	SetFileAlt(ctx context.Context, user, id int64, alt string) (ConversationRef, error)
	// SetFileAlts sets the alternative texts of a message's files. The key of each entry in alts is the id of a file.
	SetFileAlts(ctx context.Context, message int64, alts map[int64]string) error
	// DeletePendingFile deletes a pending file of a user and returns its conversation and its blob.
	DeletePendingFile(ctx context.Context, user, id int64) (ref ConversationRef, blob int64, err error)
	// PendingDuplicate returns the pending file of the same owner and conversation that has the same name and blob as
	// f.
	PendingDuplicate(ctx context.Context, f NewFile) (File, error)
	// PendingFilesByID returns the pending files of a user that have the given ids, in the order of ids.
	PendingFilesByID(ctx context.Context, user int64, ids []int64) ([]File, error)
	// AttachFiles attaches files to a message and returns how many it attached. It skips ids that are not pending files
	// of the user.
	AttachFiles(ctx context.Context, user int64, ids []int64, message int64) (int, error)
	// DeleteMessageFiles deletes the files of a message and returns their blobs.
	DeleteMessageFiles(ctx context.Context, message int64) ([]int64, error)
	// SetAvatar makes a pending file the avatar of a user, or removes the avatar if file is zero. It deletes the
	// previous avatar and returns its blob.
	SetAvatar(ctx context.Context, user, file int64) ([]int64, error)
}

// publishAttachment announces a change of a pending file to the pages of its owner that show the conversation.
func (s *Service) publishAttachment(by User, ref ConversationRef, e AttachmentChanged) {
	if ref == (ConversationRef{}) {
		return
	}
	e.User, e.StreamKey = by.ID, by.streamKeyOf(ref)
	s.events.Publish(e)
}

// streamKeyOf returns the stream key of a conversation of u. Events with this key go to the pages that show the
// conversation.
func (u User) streamKeyOf(ref ConversationRef) StreamKey {
	if ref.With != 0 {
		return StreamKey{Low: min(u.ID, ref.With), High: max(u.ID, ref.With)}
	}
	return StreamKey{Room: ref.Room}
}

// PendingFiles lists the pending files of the acting user for a conversation, oldest first.
func (s *Service) PendingFiles(ctx context.Context, by User, ref ConversationRef) ([]File, error) {
	if ref == (ConversationRef{}) {
		return nil, nil
	}
	return s.store.PendingFiles(ctx, by.ID, ref, s.fileLimits.FilesPerMessage)
}

// DescribeFile sets the alternative text of a pending file and returns its conversation. It returns ErrNotFound if the
// acting user has no such pending file.
func (s *Service) DescribeFile(ctx context.Context, by User, id int64, alt string) (ref ConversationRef, err error) {
	if alt, err = CleanAlt(alt); err != nil {
		return ConversationRef{}, err
	}
	var f StoredFile
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if ref, err = tx.SetFileAlt(ctx, by.ID, id, alt); err != nil {
			return err
		}
		f, err = tx.File(ctx, by.ID, id)
		return err
	})
	if err != nil {
		return ConversationRef{}, err
	}
	s.publishAttachment(by, ref, AttachmentChanged{Action: AttachmentDescribed, File: f.File})
	return ref, nil
}

// DeleteFile deletes a pending file and returns its conversation. It returns ErrNotFound if the acting user has no such
// pending file.
func (s *Service) DeleteFile(ctx context.Context, by User, id int64) (ref ConversationRef, err error) {
	var blob int64
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		ref, blob, err = tx.DeletePendingFile(ctx, by.ID, id)
		return err
	})
	if err != nil {
		return ConversationRef{}, err
	}
	s.publishAttachment(by, ref, AttachmentChanged{Action: AttachmentRemoved, File: File{ID: id}})
	s.releaseBlobs(ctx, []int64{blob})
	return ref, nil
}
