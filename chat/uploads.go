package chat

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Limits that nobody needs to change.
const (
	maxAtOnce = 8   // uploads of one person at the same time, at each node
	maxLoose  = 100 // files of one person that wait for a message, and in no box
)

// UploadIn is a file that somebody sends. Alt may be empty, and so may Place: then the file waits in no box. Upload is the name that a
// page gave it, if it did: see Uploading.
type UploadIn struct {
	Place     Place
	Name, Alt string
	Upload    string
	Body      io.Reader
}

// UseVault says where bytes are kept and how many. It is called before the first request.
func (s *Service) UseVault(v Vault, limits FileLimits) { s.vault, s.limits = v, limits }

// FileLimits returns what a person may send.
func (s *Service) FileLimits() FileLimits { return s.limits }

// busy counts what each person uploads now.
type busy struct {
	mu  sync.Mutex    // guards now
	now map[int64]int // how many uploads, by person
}

// begin counts one more; end must be called after it succeeded.
func (b *busy) begin(user int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.now[user] >= maxAtOnce {
		return &Error{Code: TooMany, Format: "You are sending many files already. Wait until some have arrived.", RetryAfter: 5 * time.Second}
	}
	if b.now == nil {
		b.now = map[int64]int{}
	}
	b.now[user]++
	return nil
}

func (b *busy) end(user int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.now[user]--; b.now[user] == 0 {
		delete(b.now, user)
	}
}

// Upload keeps a file of by, which waits for its message. It answers NotFound for a place that is not by's, TooLarge and
// Invalid for what is more than the limits, TooMany for too much at once, Unauthenticated to who was shut out meanwhile, and
// the error of in.Body as it is. The bytes are read outside of any transaction.
func (s *Service) Upload(ctx context.Context, by User, in UploadIn) (File, error) {
	alt, err := CleanAlt(in.Alt)
	if err != nil {
		return File{}, err
	}
	if err := s.uploads.begin(by.ID); err != nil {
		return File{}, err
	}
	defer s.uploads.end(by.ID)
	if in.Place != (Place{}) {
		c, err := s.Conversation(ctx, by, in.Place)
		if err != nil {
			return File{}, err
		}
		in.Place = c.Place() // the one box, also where the room of two people was named
	}
	if err := s.hasRoom(ctx, s.store, by, in.Place, 1); err != nil {
		return File{}, err
	}
	incoming, err := s.vault.Receive(ctx, in.Body, s.limits.Size)
	if errors.Is(err, ErrTooLarge) {
		err = &Error{Code: TooLarge, Field: "file", Format: "A file has at most %d MB.", Args: []any{s.limits.Size >> 20}}
	}
	if err != nil {
		return File{}, err
	}
	defer incoming.Discard()
	f, err := s.keep(ctx, by, incoming, NewFile{Owner: by.ID, Place: in.Place, Name: CleanFileName(in.Name), Alt: alt})
	if checkKey(in.Upload) != nil {
		in.Upload = ""
	}
	if err == nil {
		s.boxed(by, in.Place, BoxChanged{What: Came, Upload: in.Upload, File: f})
	}
	return f, err
}

// boxed tells by's own pages what happened to a file that waits.
func (s *Service) boxed(by User, p Place, e BoxChanged) {
	if p != (Place{}) {
		e.User, e.Topic = by.ID, by.topic(p)
		s.events.Publish(e)
	}
}

// topic is where a place of u's is told of.
func (u User) topic(p Place) Topic {
	if p.With != 0 {
		return Topic{Low: min(u.ID, p.With), High: max(u.ID, p.With)}
	}
	return Topic{Room: p.Room}
}

// hasRoom answers Invalid when another file of so many bytes would be more than by may have.
func (s *Service) hasRoom(ctx context.Context, r Reader, by User, p Place, bytes int64) error {
	used, err := r.Usage(ctx, by.ID, p)
	switch {
	case err != nil:
		return err
	case p == Place{} && used.Waiting >= maxLoose:
		return invalidf("file", "%d of your files wait for a message. Send or delete some of them first.", maxLoose)
	case p != Place{} && used.Waiting >= s.limits.Message:
		return invalidf("file", "A message takes at most %d files.", s.limits.Message)
	case s.limits.Quota > 0 && used.Bytes+bytes > s.limits.Quota:
		return invalidf("file", "All your files together have at most %d MB. Delete messages with files that nobody needs.", s.limits.Quota>>20)
	}
	return nil
}

// keep stores what was received, or finds the same bytes stored before. Content may be deleted while it is being found: then
// it is kept anew.
func (s *Service) keep(ctx context.Context, by User, incoming Incoming, f NewFile) (File, error) {
	_, known, err := s.store.ContentByHash(ctx, incoming.Hash())
	if err == nil {
		var file File
		if file, err = s.insertFile(ctx, by, f, known, false); !errors.Is(err, ErrNotFound) {
			return file, err
		}
	}
	if !errors.Is(err, ErrNotFound) {
		return File{}, err
	}
	content, err := incoming.Keep(ctx)
	if err != nil {
		return File{}, err
	}
	file, err := s.insertFile(ctx, by, f, content, true)
	if errors.Is(err, ErrNotFound) { // another's row of the same bytes, gone again
		err = Unreachable(err)
	}
	return file, err
}

// errOut answers who was shut out, or deleted their account, while their file was coming: that may take minutes, and nothing of
// theirs begins after it.
var errOut = Errorf(Unauthenticated, "You are signed out. Log in again to go on.")

// insertFile makes the rows of a file, and of its content where that is fresh. There is never a row without its object: the
// object is there before, and what turns out to be needless is deleted after. Where nobody knows whether the rows are
// there, it stays until Sweep finds out.
func (s *Service) insertFile(ctx context.Context, by User, f NewFile, c Content, fresh bool) (file File, err error) {
	var stored Content
	err = s.store.InTx(ctx, func(tx Tx) error {
		f.CreatedAt = s.micros()
		if _, err := held(ctx, tx, by.ID); errors.Is(err, ErrNotFound) {
			return errOut
		} else if err != nil {
			return err
		}
		if fresh {
			if err := tx.InsertContent(ctx, c, f.CreatedAt); err != nil {
				return err
			}
		}
		if f.Content, stored, err = tx.ContentByHash(ctx, c.Hash); err != nil {
			return err
		}
		if err := s.hasRoom(ctx, tx, by, f.Place, stored.Size); err != nil {
			return err
		}
		file, err = tx.InsertFile(ctx, f)
		return err
	})
	if fresh && (err == nil && stored.Object != c.Object || err != nil && CodeOf(err) != Unavailable) {
		s.discard(ctx, c.Object)
	}
	return file, err
}

// Waiting lists the files of by that wait in the box for a place, in the order in which they came.
func (s *Service) Waiting(ctx context.Context, by User, p Place) ([]File, error) {
	if p == (Place{}) {
		return nil, nil
	}
	return s.store.WaitingFiles(ctx, by.ID, p, s.limits.Message)
}

// DescribeFile gives a file that waits another alt, and returns the place in whose box it does. It answers NotFound for
// what was sent or is not by's.
func (s *Service) DescribeFile(ctx context.Context, by User, id int64, alt string) (p Place, err error) {
	if alt, err = CleanAlt(alt); err != nil {
		return p, err
	}
	var f StoredFile
	err = s.store.InTx(ctx, func(tx Tx) error {
		if p, err = tx.SetAlt(ctx, by.ID, id, alt); err == nil {
			f, err = tx.File(ctx, by.ID, id)
		}
		return err
	})
	if err == nil {
		s.boxed(by, p, BoxChanged{What: Described, File: f.File})
	}
	return p, err
}

// DeleteFile forgets a file that waits, and returns the place in whose box it did. It answers NotFound for what was sent or
// is not by's.
func (s *Service) DeleteFile(ctx context.Context, by User, id int64) (p Place, err error) {
	var content int64
	err = s.store.InTx(ctx, func(tx Tx) error {
		p, content, err = tx.DeleteWaiting(ctx, by.ID, id)
		return err
	})
	if err == nil {
		s.boxed(by, p, BoxChanged{What: TakenOut, File: File{ID: id}})
		s.forget(ctx, []int64{content})
	}
	return p, err
}

// File finds a file that by may see: it is in a message of a room of theirs, it waits and is theirs, or it is somebody's
// picture. Otherwise it answers NotFound.
func (s *Service) File(ctx context.Context, by User, id int64) (StoredFile, error) {
	return s.store.File(ctx, by.ID, id)
}

// OpenFile opens what File found. It answers NotFound for a size that the file has not.
func (s *Service) OpenFile(ctx context.Context, f StoredFile, size Size) (Opened, error) {
	if !f.Has(size) {
		return Opened{}, ErrNotFound
	}
	return s.vault.Open(ctx, f.Object, size)
}

// SetAvatar gives by another picture, in the place of the one before. It answers Invalid for what is no picture, and
// otherwise what Upload does.
func (s *Service) SetAvatar(ctx context.Context, by User, in UploadIn) (File, error) {
	in.Place = Place{}
	f, err := s.Upload(ctx, by, in)
	if err != nil {
		return File{}, err
	}
	if !f.Picture() {
		_, err = s.DeleteFile(ctx, by, f.ID)
		return File{}, errors.Join(err, invalidf("file", "This is no picture that Charla can show."))
	}
	return f, s.changeAvatar(ctx, by, f.ID)
}

// RemoveAvatar takes the picture of by away.
func (s *Service) RemoveAvatar(ctx context.Context, by User) error { return s.changeAvatar(ctx, by, 0) }

func (s *Service) changeAvatar(ctx context.Context, by User, file int64) error {
	var unused []int64
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		unused, err = tx.SetAvatar(ctx, by.ID, file)
		return err
	})
	if err == nil {
		s.forget(ctx, unused)
		by.Avatar = file
		s.events.Publish(PersonChanged{by.Person()})
	}
	return err
}

// Uploading tells by's own pages how far a file is. The id is theirs to choose, as the key of a message; without one nobody
// is told.
func (s *Service) Uploading(by User, p Place, u Uploading) {
	if checkKey(u.ID) != nil {
		return
	}
	u.User, u.Topic = by.ID, by.topic(p)
	s.events.Publish(u)
}

// discard deletes an object that no row names. What it cannot delete now is found by Sweep.
func (s *Service) discard(ctx context.Context, objects ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardWithin)
	defer cancel()
	for _, object := range objects {
		if err := s.vault.Delete(ctx, object); err != nil {
			slog.Warn("object not deleted", "object", object, "error", err)
		}
	}
}
