package chat

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// How long a file may wait for its message, and an object for its row; how long one look deletes, and how much at once.
const (
	fileWaits     = Micros(24 * time.Hour / time.Microsecond)
	orphanWaits   = 7 * 24 * time.Hour // so that a database restored from a backup does not cost the files that came since
	discardWithin = 5 * time.Second
	sweepAtOnce   = 100
)

// forget deletes those of some contents that no file has any more, rows first: an object without a row is swept, a row
// without an object would be a broken file. It comes after the commit that made them useless and cannot undo it, so what
// fails here is left to Sweep.
func (s *Service) forget(ctx context.Context, contents []int64) {
	if err := s.drop(ctx, contents); err != nil {
		slog.Warn("content not forgotten", "error", err)
	}
}

func (s *Service) drop(ctx context.Context, contents []int64) error {
	if len(contents) == 0 {
		return nil
	}
	var objects []string
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		objects, err = tx.DeleteContents(ctx, contents)
		return err
	})
	if err == nil {
		s.discard(ctx, objects...)
	}
	return err
}

// Sweep forgets files that waited for a day, contents without a file, objects in the vault that are older than a week and have
// no row, and what a process that ended was receiving. Several nodes may do it at once.
func (s *Service) Sweep(ctx context.Context) error {
	return errors.Join(s.sweepFiles(ctx), s.sweepContents(ctx), s.sweepObjects(ctx), s.vault.Tidy())
}

func (s *Service) sweepFiles(ctx context.Context) error {
	return s.store.InTx(ctx, func(tx Tx) error { return tx.DeleteStale(ctx, s.micros()-fileWaits) })
}

func (s *Service) sweepContents(ctx context.Context) error {
	for {
		unused, err := s.store.UnusedContents(ctx, sweepAtOnce)
		if err == nil {
			err = s.drop(ctx, unused)
		}
		if err != nil || len(unused) < sweepAtOnce {
			return err
		}
	}
}

// sweepObjects asks for the rows of what is old enough that its upload must be over.
func (s *Service) sweepObjects(ctx context.Context) error {
	old := s.now().Add(-orphanWaits)
	var names []string
	for object, err := range s.vault.Objects(ctx) {
		if err != nil {
			return err
		}
		if object.At.Before(old) {
			names = append(names, object.Name)
		}
		if len(names) == sweepAtOnce {
			if err := s.sweepOrphans(ctx, names); err != nil {
				return err
			}
			names = names[:0]
		}
	}
	return s.sweepOrphans(ctx, names)
}

func (s *Service) sweepOrphans(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	orphans, err := s.store.OrphansAmong(ctx, names)
	if err != nil || len(orphans) == 0 {
		return err
	}
	slog.Info("objects without a row are deleted", "objects", len(orphans))
	s.discard(ctx, orphans...)
	return nil
}
