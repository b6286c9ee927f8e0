package main

import (
	"context"
	"log/slog"
	"time"

	"charla/chat"
	"charla/db"
	"charla/live"
)

// runMaintenance deletes old sessions, old entries of the notification queue, records of old handles and unreferenced
// files once an hour, until ctx is done. It also gives handles to users without one, which a node of the previous
// version may have created.
func runMaintenance(ctx context.Context, service *chat.Service) {
	chat.Every(ctx, time.Hour, func() {
		if err := service.PruneSessions(ctx); err != nil {
			slog.Warn("prune sessions failed", "error", err)
		}
		if err := service.PruneNotifications(ctx); err != nil {
			slog.Warn("prune notification queue failed", "error", err)
		}
		if err := service.AssignHandles(ctx); err != nil {
			slog.Warn("assign handles failed", "error", err)
		}
		if err := service.PruneFreedHandles(ctx); err != nil {
			slog.Warn("prune freed handles failed", "error", err)
		}
		if err := service.CollectBlobGarbage(ctx); err != nil {
			slog.Warn("delete unreferenced files failed", "error", err)
		}
	})
}

// runPageSlots records every minute which pages have an open stream on this node, so that none of them loses its slot.
func runPageSlots(ctx context.Context, service *chat.Service, hub *live.Hub) {
	chat.Every(ctx, time.Minute, func() {
		if err := service.TouchPageSlots(ctx, hub.OpenPages()); err != nil {
			slog.Warn("touch page slots failed", "error", err)
		}
	})
}

// Every erasurePollInterval the server looks for data of deleted accounts to erase. It erases in steps and pauses for
// erasureStepPause between two steps. This makes about a thousand messages a second, which open pages can follow.
const (
	erasurePollInterval = 2 * time.Second
	erasureStepPause    = 50 * time.Millisecond
)

// runErasures erases the remaining data of deleted accounts, such as their messages, until ctx is done. It also
// continues an erasure that a restart interrupted.
func runErasures(ctx context.Context, service *chat.Service) {
	for {
		more, err := service.RunErasureStep(ctx)
		if err != nil {
			slog.Warn("erase deleted account failed", "error", err)
		}
		pause := erasurePollInterval
		if more {
			pause = erasureStepPause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// Text that was deleted leaves the files of SQLite within purgeInterval. If the write-ahead log is still in use, the
// next attempt follows after purgeRetryPause. Purging takes at most one twentieth of the time, so a database of several
// gigabytes takes longer than the interval. Tests shorten the interval and the rest after a purge, because a purge
// takes many times as long with the race detector.
var (
	purgeInterval                 = 20 * time.Second
	purgeRestFactor time.Duration = 20
)

const purgeRetryPause = time.Second

// runPurges removes deleted text from the files of SQLite until ctx is done.
func runPurges(ctx context.Context, store *db.Store) {
	for {
		start := time.Now()
		done, err := store.PurgeDeleted(ctx)
		if err != nil && ctx.Err() == nil {
			slog.Warn("purge deleted text failed", "error", err)
		}
		pause := max(purgeInterval, purgeRestFactor*time.Since(start))
		if !done {
			pause = max(purgeRetryPause, purgeRestFactor*time.Since(start))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// Every searchPollInterval the server looks for messages that the search index lacks. Between two batches it pauses for
// indexBatchPause, so that posts come in between.
const (
	searchPollInterval = time.Second
	indexBatchPause    = 5 * time.Millisecond
)

// runSearchIndex adds new and changed messages to the search index until ctx is done. It also indexes the messages of
// earlier versions and continues after a restart.
func runSearchIndex(ctx context.Context, service *chat.Service) {
	for {
		more, err := service.IndexMessages(ctx)
		if err != nil && ctx.Err() == nil {
			slog.Warn("index messages for the search failed", "error", err)
		}
		pause := searchPollInterval
		if more && err == nil {
			pause = indexBatchPause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
