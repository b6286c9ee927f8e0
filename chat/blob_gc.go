package chat

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// GarbageReader finds blobs and objects that nothing refers to.
type GarbageReader interface {
	// UnusedBlobs lists blobs that no file refers to.
	UnusedBlobs(ctx context.Context, limit int) ([]int64, error)
	// UnreferencedObjects returns those of the objects that no blob refers to.
	UnreferencedObjects(ctx context.Context, objects []string) ([]string, error)
}

// GarbageWriter deletes files and blobs that nobody needs.
type GarbageWriter interface {
	// DeleteBlobs deletes those of the blobs that no file refers to, and returns the names of their objects.
	DeleteBlobs(ctx context.Context, blobs []int64) ([]string, error)
	// DeleteStaleFiles deletes the pending files that were uploaded before t.
	DeleteStaleFiles(ctx context.Context, t Timestamp) error
}

// How long a file may wait for its message, and an object for its row; how long one look deletes, and how much at once.
const (
	pendingFileRetention = Timestamp(24 * time.Hour / time.Microsecond)
	orphanRetention      = 7 * 24 * time.Hour // so that a database restored from a backup does not cost the files that came since
	deleteTimeout        = 5 * time.Second
	gcBatchSize          = 100
)

// releaseBlobs deletes those of some contents that no file has any more, rows first: an object without a row is swept,
// a row without an object would be a broken file. It comes after the commit that made them useless and cannot undo it,
// so what fails here is left to Sweep.
func (s *Service) releaseBlobs(ctx context.Context, contents []int64) {
	if err := s.deleteBlobRows(ctx, contents); err != nil {
		slog.Warn("content not forgotten", "error", err)
	}
}

func (s *Service) deleteBlobRows(ctx context.Context, contents []int64) error {
	if len(contents) == 0 {
		return nil
	}
	var objects []string
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		objects, err = tx.DeleteBlobs(ctx, contents)
		return err
	})
	if err == nil {
		s.deleteObjects(ctx, objects...)
	}
	return err
}

// CollectBlobGarbage forgets files that waited for a day, contents without a file, objects in the vault that are older
// than a week and have no row, and what a process that ended was receiving. Several nodes may do it at once.
func (s *Service) CollectBlobGarbage(ctx context.Context) error {
	return errors.Join(s.deleteStaleFiles(ctx), s.deleteUnusedBlobs(ctx), s.deleteOrphanObjects(ctx), s.blobs.RemoveTemp())
}

func (s *Service) deleteStaleFiles(ctx context.Context) error {
	return s.store.InTx(ctx, func(tx Tx) error { return tx.DeleteStaleFiles(ctx, s.now()-pendingFileRetention) })
}

func (s *Service) deleteUnusedBlobs(ctx context.Context) error {
	for {
		unused, err := s.store.UnusedBlobs(ctx, gcBatchSize)
		if err == nil {
			err = s.deleteBlobRows(ctx, unused)
		}
		if err != nil || len(unused) < gcBatchSize {
			return err
		}
	}
}

// deleteOrphanObjects asks for the rows of what is old enough that its upload must be over.
func (s *Service) deleteOrphanObjects(ctx context.Context) error {
	old := s.clock().Add(-orphanRetention)
	var names []string
	for object, err := range s.blobs.Objects(ctx) {
		if err != nil {
			return err
		}
		if object.StoredAt.Before(old) {
			names = append(names, object.Name)
		}
		if len(names) == gcBatchSize {
			if err := s.deleteUnreferenced(ctx, names); err != nil {
				return err
			}
			names = names[:0]
		}
	}
	return s.deleteUnreferenced(ctx, names)
}

func (s *Service) deleteUnreferenced(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	orphans, err := s.store.UnreferencedObjects(ctx, names)
	if err != nil || len(orphans) == 0 {
		return err
	}
	slog.Info("deleted unreferenced objects", "objects", len(orphans))
	s.deleteObjects(ctx, orphans...)
	return nil
}

// deleteObjects deletes an object that no row names. What it cannot delete now is found by Sweep.
func (s *Service) deleteObjects(ctx context.Context, objects ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTimeout)
	defer cancel()
	for _, object := range objects {
		if err := s.blobs.Delete(ctx, object); err != nil {
			slog.Warn("object not deleted", "object", object, "error", err)
		}
	}
}
