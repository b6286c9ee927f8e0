package chat

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// AttachmentReader reads pending files: files that were uploaded and do not belong to a message yet. A pending file
// belongs to the composer of one conversation, or to none if the conversation is the zero ConversationRef.
type AttachmentReader interface {
	// PendingFiles lists the pending files of a user for a conversation, oldest first.
	PendingFiles(ctx context.Context, user int64, ref ConversationRef, limit int) ([]File, error)
	// Usage returns how many bytes a user has stored, and how many pending files they have for a conversation.
	Usage(ctx context.Context, user int64, ref ConversationRef) (Usage, error)
}

// AttachmentWriter stores files and attaches them to messages.
type AttachmentWriter interface {
	// InsertFile adds a pending file. It returns ErrNotFound if its blob was deleted.
	InsertFile(ctx context.Context, f NewFile) (File, error)
	// SetFileAlt sets the alternative text of a pending file and returns the file's conversation.
	SetFileAlt(ctx context.Context, user, id int64, alt string) (ConversationRef, error)
	// SetFileAlts sets the alternative texts of files of a message, by file id.
	SetFileAlts(ctx context.Context, message int64, alts map[int64]string) error
	// DeletePendingFile deletes a pending file of a user and returns its conversation and its blob.
	DeletePendingFile(ctx context.Context, user, id int64) (ref ConversationRef, blob int64, err error)
	// PendingFilesByID returns those of the files that are pending files of a user, in the order of ids.
	PendingFilesByID(ctx context.Context, user int64, ids []int64) ([]File, error)
	// AttachFiles attaches those of the files that are pending files of a user to a message, and returns their number.
	AttachFiles(ctx context.Context, user int64, ids []int64, message int64) (int, error)
	// DeleteMessageFiles deletes the files of a message and returns their blobs.
	DeleteMessageFiles(ctx context.Context, message int64) ([]int64, error)
	// SetAvatar makes a pending file the avatar of a user, or removes the avatar if file is zero. It deletes the
	// previous avatar and returns its blob.
	SetAvatar(ctx context.Context, user, file int64) ([]int64, error)
}

// Limits that nobody needs to change.
const (
	maxConcurrentUploads = 8   // uploads of one person at the same time, at each node
	maxUnattached        = 100 // files of one person that wait for a message, and in no box
)

// NewUpload is a file that somebody sends. Alt may be empty, and so may Place: then the file waits in no box. Upload is
// the name that a page gave it, if it did: see Uploading.
type NewUpload struct {
	Conversation ConversationRef
	Name, Alt    string
	UploadID     string
	Body         io.Reader
}

// FileLimits returns what a person may send.
func (s *Service) FileLimits() FileLimits { return s.fileLimits }

// uploadLimiter counts what each person uploads now.
type uploadLimiter struct {
	mu     sync.Mutex    // guards now
	active map[int64]int // how many uploads, by person
}

// acquire counts one more; end must be called after it succeeded.
func (b *uploadLimiter) acquire(user int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.active[user] >= maxConcurrentUploads {
		return &Error{Code: TooMany, Format: "You are sending many files already. Wait until some have arrived.", RetryAfter: 5 * time.Second}
	}
	if b.active == nil {
		b.active = map[int64]int{}
	}
	b.active[user]++
	return nil
}

func (b *uploadLimiter) release(user int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.active[user]--; b.active[user] == 0 {
		delete(b.active, user)
	}
}

// UploadID keeps a file of by, which waits for its message. It answers NotFound for a place that is not by's, TooLarge
// and Invalid for what is more than the limits, TooMany for too much at once, Unauthenticated to who was shut out
// meanwhile, and the error of in.Body as it is. The bytes are read outside of any transaction.
func (s *Service) Upload(ctx context.Context, by User, in NewUpload) (File, error) {
	alt, err := CleanAlt(in.Alt)
	if err != nil {
		return File{}, err
	}
	if err := s.uploads.acquire(by.ID); err != nil {
		return File{}, err
	}
	defer s.uploads.release(by.ID)
	if in.Conversation != (ConversationRef{}) {
		c, err := s.Conversation(ctx, by, in.Conversation)
		if err != nil {
			return File{}, err
		}
		in.Conversation = c.Ref() // the one box, also where the room of two people was named
	}
	if err := s.checkQuota(ctx, s.store, by, in.Conversation, 1); err != nil {
		return File{}, err
	}
	incoming, err := s.blobs.Receive(ctx, in.Body, s.fileLimits.FileBytes)
	if errors.Is(err, ErrFileTooLarge) {
		err = &Error{Code: TooLarge, Field: "file", Format: "A file has at most %d MB.", Args: []any{s.fileLimits.FileBytes >> 20}}
	}
	if err != nil {
		return File{}, err
	}
	defer incoming.Abort()
	f, err := s.storeUpload(ctx, by, incoming, NewFile{Owner: by.ID, Conversation: in.Conversation, Name: CleanFileName(in.Name), Alt: alt})
	if checkKey(in.UploadID) != nil {
		in.UploadID = ""
	}
	if err == nil {
		s.publishAttachment(by, in.Conversation, AttachmentChanged{Action: AttachmentAdded, UploadID: in.UploadID, File: f})
	}
	return f, err
}

// publishAttachment tells by's own pages what happened to a file that waits.
func (s *Service) publishAttachment(by User, p ConversationRef, e AttachmentChanged) {
	if p != (ConversationRef{}) {
		e.User, e.StreamKey = by.ID, by.streamKeyOf(p)
		s.events.Publish(e)
	}
}

// streamKeyOf is where a place of u's is told of.
func (u User) streamKeyOf(p ConversationRef) StreamKey {
	if p.With != 0 {
		return StreamKey{Low: min(u.ID, p.With), High: max(u.ID, p.With)}
	}
	return StreamKey{Room: p.Room}
}

// checkQuota answers Invalid when another file of so many bytes would be more than by may have.
func (s *Service) checkQuota(ctx context.Context, r Reader, by User, p ConversationRef, bytes int64) error {
	used, err := r.Usage(ctx, by.ID, p)
	switch {
	case err != nil:
		return err
	case p == ConversationRef{} && used.Pending >= maxUnattached:
		return invalidf("file", "%d of your files wait for a message. Send or delete some of them first.", maxUnattached)
	case p != ConversationRef{} && used.Pending >= s.fileLimits.FilesPerMessage:
		return invalidf("file", "A message takes at most %d files.", s.fileLimits.FilesPerMessage)
	case s.fileLimits.QuotaBytes > 0 && used.Bytes+bytes > s.fileLimits.QuotaBytes:
		return invalidf("file", "All your files together have at most %d MB. Delete messages with files that nobody needs.", s.fileLimits.QuotaBytes>>20)
	}
	return nil
}

// store stores what was received, or finds the same bytes stored before. Content may be deleted while it is being
// found: then it is kept anew.
func (s *Service) storeUpload(ctx context.Context, by User, incoming IncomingBlob, f NewFile) (File, error) {
	_, known, err := s.store.BlobByHash(ctx, incoming.Hash())
	if err == nil {
		var file File
		if file, err = s.insertFile(ctx, by, f, known, false); !errors.Is(err, ErrNotFound) {
			return file, err
		}
	}
	if !errors.Is(err, ErrNotFound) {
		return File{}, err
	}
	content, err := incoming.Commit(ctx)
	if err != nil {
		return File{}, err
	}
	file, err := s.insertFile(ctx, by, f, content, true)
	if errors.Is(err, ErrNotFound) { // another's row of the same bytes, gone again
		err = DatabaseUnavailable(err)
	}
	return file, err
}

// errSignedOut answers who was shut out, or deleted their account, while their file was coming: that may take minutes,
// and nothing of theirs begins after it.
var errSignedOut = Errorf(Unauthenticated, "Your session ended. Sign in again to continue.")

// insertFile makes the rows of a file, and of its content where that is fresh. There is never a row without its object:
// the object is there before, and what turns out to be needless is deleted after. Where nobody knows whether the rows
// are there, it stays until Sweep finds out.
func (s *Service) insertFile(ctx context.Context, by User, f NewFile, c Blob, fresh bool) (file File, err error) {
	var stored Blob
	err = s.store.InTx(ctx, func(tx Tx) error {
		f.CreatedAt = s.now()
		if _, err := lockUser(ctx, tx, by.ID); errors.Is(err, ErrNotFound) {
			return errSignedOut
		} else if err != nil {
			return err
		}
		if fresh {
			if err := tx.InsertBlob(ctx, c, f.CreatedAt); err != nil {
				return err
			}
		}
		if f.Blob, stored, err = tx.BlobByHash(ctx, c.Hash); err != nil {
			return err
		}
		if err := s.checkQuota(ctx, tx, by, f.Conversation, stored.Size); err != nil {
			return err
		}
		file, err = tx.InsertFile(ctx, f)
		return err
	})
	if fresh && (err == nil && stored.Object != c.Object || err != nil && CodeOf(err) != Unavailable) {
		s.deleteObjects(ctx, c.Object)
	}
	return file, err
}

// Unread lists the files of by that wait in the box for a place, in the order in which they came.
func (s *Service) PendingFiles(ctx context.Context, by User, p ConversationRef) ([]File, error) {
	if p == (ConversationRef{}) {
		return nil, nil
	}
	return s.store.PendingFiles(ctx, by.ID, p, s.fileLimits.FilesPerMessage)
}

// DescribeFile gives a file that waits another alt, and returns the place in whose box it does. It answers NotFound for
// what was sent or is not by's.
func (s *Service) DescribeFile(ctx context.Context, by User, id int64, alt string) (p ConversationRef, err error) {
	if alt, err = CleanAlt(alt); err != nil {
		return p, err
	}
	var f StoredFile
	err = s.store.InTx(ctx, func(tx Tx) error {
		if p, err = tx.SetFileAlt(ctx, by.ID, id, alt); err == nil {
			f, err = tx.File(ctx, by.ID, id)
		}
		return err
	})
	if err == nil {
		s.publishAttachment(by, p, AttachmentChanged{Action: AttachmentDescribed, File: f.File})
	}
	return p, err
}

// DeleteFile forgets a file that waits, and returns the place in whose box it did. It answers NotFound for what was
// sent or is not by's.
func (s *Service) DeleteFile(ctx context.Context, by User, id int64) (p ConversationRef, err error) {
	var content int64
	err = s.store.InTx(ctx, func(tx Tx) error {
		p, content, err = tx.DeletePendingFile(ctx, by.ID, id)
		return err
	})
	if err == nil {
		s.publishAttachment(by, p, AttachmentChanged{Action: AttachmentRemoved, File: File{ID: id}})
		s.releaseBlobs(ctx, []int64{content})
	}
	return p, err
}

// UploadProgress tells by's own pages how far a file is. The id is theirs to choose, as the key of a message; without
// one nobody is told.
func (s *Service) ReportUploadProgress(by User, p ConversationRef, u UploadProgress) {
	if checkKey(u.UploadID) != nil {
		return
	}
	u.User, u.StreamKey = by.ID, by.streamKeyOf(p)
	s.events.Publish(u)
}
