package chat

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// The limits for the uploads of one user.
const (
	maxConcurrentUploads = 8   // uploads at the same time, on each node
	maxUnattached        = 100 // pending files that belong to no conversation
)

// NewUpload is a file to upload. It becomes a pending file of Conversation; with the zero ConversationRef it belongs to
// no conversation, as an avatar does.
type NewUpload struct {
	Conversation ConversationRef
	Name, Alt    string
	UploadID     string // the id that a page gave to its uploads, or empty; see UploadProgress
	Body         io.Reader
}

// FileLimits returns the limits for uploads, which the operator configures.
func (s *Service) FileLimits() FileLimits { return s.fileLimits }

// uploadLimiter limits how many uploads each user may have at the same time.
type uploadLimiter struct {
	mu     sync.Mutex    // guards active
	active map[int64]int // number of uploads by user
}

// acquire counts one more upload of a user. It returns TooMany if the user has too many at the same time. After it has
// succeeded, the caller must call release when the upload ends.
func (l *uploadLimiter) acquire(user int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.active[user] >= maxConcurrentUploads {
		return &Error{
			Code: TooMany, Format: "You are already uploading many files. Wait until some of them have finished.",
			RetryAfter: 5 * time.Second,
		}
	}
	if l.active == nil {
		l.active = map[int64]int{}
	}
	l.active[user]++
	return nil
}

func (l *uploadLimiter) release(user int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.active[user]--; l.active[user] == 0 {
		delete(l.active, user)
	}
}

// Upload stores a file of the acting user as a pending file. It returns ErrNotFound if the user has no such
// conversation, TooLarge or Invalid if the file exceeds the limits, TooMany for too many uploads at the same time, and
// Unauthenticated if the user was disabled during the upload. Errors of in.Body are returned unchanged. No transaction
// is open while the bytes arrive.
//
// A page repeats an upload that failed, although the server may have stored some of its files. So with an UploadID,
// Upload returns the pending file of the conversation that has the same name and content, if there is one.
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
		in.Conversation = c.Ref() // direct conversations can also be referred to by their room
	}
	repeatable := in.UploadID != ""
	if !repeatable {
		if err := s.checkQuota(ctx, s.store, by, in.Conversation, 1); err != nil {
			return File{}, err
		}
	}
	incoming, err := s.receive(ctx, in.Body)
	if err != nil {
		return File{}, err
	}
	defer incoming.Abort()
	f, err := s.storeUpload(ctx, by, incoming, NewFile{
		Owner: by.ID, Conversation: in.Conversation, Name: CleanFileName(in.Name), Alt: alt, Repeatable: repeatable,
	})
	if err != nil {
		return File{}, err
	}
	s.publishAttachment(by, in.Conversation, AttachmentChanged{Action: AttachmentAdded, File: f})
	return f, nil
}

// receive reads an uploaded file into the blob store.
func (s *Service) receive(ctx context.Context, body io.Reader) (IncomingBlob, error) {
	incoming, err := s.blobs.Receive(ctx, body, s.fileLimits.FileBytes)
	if errors.Is(err, ErrFileTooLarge) {
		return nil, &Error{
			Code: TooLarge, Field: "file",
			Format: "A file can be at most %d MB.", Args: []any{s.fileLimits.FileBytes >> 20},
		}
	}
	return incoming, err
}

// checkQuota returns Invalid if one more file with this many bytes would exceed a limit of the user.
func (s *Service) checkQuota(ctx context.Context, r AttachmentReader, by User, ref ConversationRef, bytes int64) error {
	used, err := r.Usage(ctx, by.ID, ref)
	if err != nil {
		return err
	}
	quota, unattached := s.fileLimits.QuotaBytes, ref == ConversationRef{}
	switch {
	case unattached && used.Pending >= maxUnattached:
		return invalidf("file",
			"You already have %d unsent files. Send or delete some of them first.", maxUnattached)
	case !unattached && used.Pending >= s.fileLimits.FilesPerMessage:
		return invalidf("file", "A message can have at most %d files.", s.fileLimits.FilesPerMessage)
	case quota > 0 && used.Bytes+bytes > quota:
		return invalidf("file",
			"Your files can take up at most %d MB in total. Delete messages with files you no longer need.", quota>>20)
	}
	return nil
}

// storeUpload stores a received file. If the same bytes are stored already, the new file shares their blob. If another
// request deletes that blob at the same time, storeUpload stores the bytes again.
func (s *Service) storeUpload(ctx context.Context, by User, incoming IncomingBlob, f NewFile) (File, error) {
	_, existing, err := s.store.BlobByHash(ctx, incoming.Hash())
	if err == nil {
		var file File
		if file, err = s.insertFile(ctx, by, f, existing, false); !errors.Is(err, ErrNotFound) {
			return file, err
		}
	}
	if !errors.Is(err, ErrNotFound) {
		return File{}, err
	}
	blob, err := incoming.Commit(ctx)
	if err != nil {
		return File{}, err
	}
	file, err := s.insertFile(ctx, by, f, blob, true)
	if errors.Is(err, ErrNotFound) { // another upload of the same bytes inserted the blob, and it was deleted at once
		err = DatabaseUnavailable(err)
	}
	return file, err
}

// errSignedOut is returned if the user was disabled or deleted their account during an upload, which may take minutes.
var errSignedOut = Errorf(Unauthenticated, "Your session ended. Sign in again to continue.")

// insertFile inserts the row of a file and, if its blob is new, the row of the blob. The caller has already stored the
// object (the bytes), so that no row ever exists without its object. If a new object turns out not to be needed,
// insertFile deletes it. If the database does not answer, the rows may or may not exist, so insertFile keeps the object
// and CollectBlobGarbage decides later.
func (s *Service) insertFile(ctx context.Context, by User, f NewFile, blob Blob, isNew bool) (file File, err error) {
	var stored Blob
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		f.CreatedAt = s.now()
		_, err = lockUser(ctx, tx, by.ID)
		if errors.Is(err, ErrNotFound) {
			return errSignedOut
		}
		if err != nil {
			return err
		}
		if isNew {
			if err := tx.InsertBlob(ctx, blob, f.CreatedAt); err != nil {
				return err
			}
		}
		if f.Blob, stored, err = tx.BlobByHash(ctx, blob.Hash); err != nil {
			return err
		}
		if f.Repeatable {
			if file, err = tx.PendingDuplicate(ctx, f); !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		if err := s.checkQuota(ctx, tx, by, f.Conversation, stored.Size); err != nil {
			return err
		}
		file, err = tx.InsertFile(ctx, f)
		return err
	})
	unneeded := err == nil && stored.Object != blob.Object || err != nil && CodeOf(err) != Unavailable
	if isNew && unneeded {
		s.deleteObjects(ctx, blob.Object)
	}
	return file, err
}

// ReportUploadProgress announces the progress of an upload to the pages of the uploading user. It does nothing if the
// upload has no valid id; the page chooses the id, and the rules for it are those of message keys.
func (s *Service) ReportUploadProgress(by User, ref ConversationRef, progress UploadProgress) {
	if checkKey(progress.UploadID) != nil {
		return
	}
	progress.User, progress.StreamKey = by.ID, by.streamKeyOf(ref)
	s.events.Publish(progress)
}
