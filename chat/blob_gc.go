package chat

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// GarbageReader finds blobs and objects that nothing refers to. An object is the stored bytes themselves. A blob is a
// database row that describes an object. A file is a database row that refers to a blob.
type GarbageReader interface {
	// UnusedBlobs lists blobs that no file refers to.
	UnusedBlobs(ctx context.Context, limit int) ([]int64, error)
	// UnreferencedObjects returns those of the given objects that no blob refers to.
	UnreferencedObjects(ctx context.Context, objects []string) ([]string, error)
}

// GarbageWriter deletes files and blobs that nobody needs.
type GarbageWriter interface {
	// DeleteBlobs deletes the given blobs except those that a file refers to. It returns the names of the deleted
	// blobs' objects.
	DeleteBlobs(ctx context.Context, blobs []int64) ([]string, error)
	// DeleteStaleFiles deletes the pending files that were uploaded before the given time.
	DeleteStaleFiles(ctx context.Context, t Timestamp) error
}

// The limits of deleting. A pending file is kept for pendingFileRetention, and an object that no blob refers to for
// orphanRetention. The second period is long, so that restoring the database from a backup does not delete the files
// that were uploaded after the backup. One round of deleting objects takes at most deleteTimeout, and one query handles
// at most gcBatchSize rows.
const (
	pendingFileRetention = Timestamp(24 * time.Hour / time.Microsecond)
	orphanRetention      = 7 * 24 * time.Hour
	deleteTimeout        = 5 * time.Second
	gcBatchSize          = 100
)

// releaseBlobs deletes the given blobs except those that another file still refers to. The caller has already committed
// the deletion of the files, so failures are only logged and CollectBlobGarbage tries again.
func (s *Service) releaseBlobs(ctx context.Context, blobs []int64) {
	if err := s.deleteBlobs(ctx, blobs); err != nil {
		slog.WarnContext(ctx, "delete released blobs failed", "blobs", blobs, "error", err)
	}
}

// deleteBlobs deletes the rows of unused blobs and then their objects. In this order a crash leaves an object without a
// row, which CollectBlobGarbage deletes later; the other order would leave a row without an object, which is a broken
// file.
func (s *Service) deleteBlobs(ctx context.Context, blobs []int64) error {
	if len(blobs) == 0 {
		return nil
	}
	var objects []string
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		objects, err = tx.DeleteBlobs(ctx, blobs)
		return err
	})
	if err != nil {
		return err
	}
	s.deleteObjects(ctx, objects...)
	return nil
}

// CollectBlobGarbage deletes pending files that are older than a day, blobs that no file refers to, objects older than
// a week that no blob refers to, and temporary files of processes that have ended. Several nodes may call it at the
// same time.
func (s *Service) CollectBlobGarbage(ctx context.Context) error {
	return errors.Join(
		s.deleteStaleFiles(ctx), s.deleteUnusedBlobs(ctx), s.deleteOrphanObjects(ctx), s.blobs.RemoveTemp(),
	)
}

func (s *Service) deleteStaleFiles(ctx context.Context) error {
	return s.store.InTx(ctx, func(tx Tx) error { return tx.DeleteStaleFiles(ctx, s.now()-pendingFileRetention) })
}

func (s *Service) deleteUnusedBlobs(ctx context.Context) error {
	for {
		unused, err := s.store.UnusedBlobs(ctx, gcBatchSize)
		if err != nil {
			return err
		}
		if err := s.deleteBlobs(ctx, unused); err != nil {
			return err
		}
		if len(unused) < gcBatchSize {
			return nil
		}
	}
}

// deleteOrphanObjects deletes objects that no blob refers to and that are older than orphanRetention. A newer object
// may belong to an upload that has not finished.
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

// deleteUnreferenced deletes those of the named objects that no blob refers to.
func (s *Service) deleteUnreferenced(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	orphans, err := s.store.UnreferencedObjects(ctx, names)
	if err != nil || len(orphans) == 0 {
		return err
	}
	s.deleteObjects(ctx, orphans...)
	slog.InfoContext(ctx, "deleted unreferenced objects", "objects", len(orphans))
	return nil
}

// deleteObjects deletes objects that no blob refers to. It only logs a failure, because CollectBlobGarbage tries again.
func (s *Service) deleteObjects(ctx context.Context, objects ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTimeout)
	defer cancel()
	for _, object := range objects {
		if err := s.blobs.Delete(ctx, object); err != nil {
			slog.WarnContext(ctx, "delete object failed", "object", object, "error", err)
		}
	}
}
