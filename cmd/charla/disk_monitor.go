package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"charla/chat"
	"charla/db"
)

// diskCheckInterval is the time between two checks whether CHARLA_DATA can be written. It is long, because each check
// wakes a sleeping disk. Tests shorten it.
var diskCheckInterval = 30 * time.Second

// faultCheckInterval is the time between two checks while CHARLA_DATA cannot be written, and from a failed write to the
// next check.
const faultCheckInterval = 2 * time.Second

// probeBlocks is how many blocks a check writes into its temporary file. Together they take a megabyte, so that a disk
// with less free space counts as full.
const probeBlocks = 16

var probeBlock [64 << 10]byte

// The texts that /readyz shows for full disks.
const (
	dataFullWarning     = "CHARLA_DATA cannot be written: the disk is full (no space left on device)"
	postgresFullWarning = "PostgreSQL cannot write: its disk is full"
	bucketFullWarning   = "files cannot be stored: the disk of the S3 server is full"
)

// diskMonitor knows whether CHARLA_DATA can be written and whether a disk is full, so that the operator learns of a
// problem at once. It checks CHARLA_DATA regularly, and all writes of the service report to it. The node stays ready
// while a disk is full, because reading still works.
type diskMonitor struct {
	dirs       []string
	store      *db.Store
	postgres   bool
	lastLogged time.Time
	fault      atomic.Value  // a string: why CHARLA_DATA cannot be written; empty if it can
	failed     chan struct{} // receives a value when a write found the disk full

	postgresFull, bucketFull fullDisk
}

// fullDisk knows whether writes to another server fail because its disk is full.
type fullDisk struct{ since atomic.Int64 } // time of the last such failure in nanoseconds; zero if writes succeed

func (d *fullDisk) isFull() bool { return d.since.Load() != 0 }

// record takes note of the result of a write. Small writes may succeed on a full disk, so a success counts only some
// time after the last failure.
func (d *fullDisk) record(full bool, err error) {
	switch since := d.since.Load(); {
	case full:
		d.since.Store(time.Now().UnixNano())
	case err == nil && since != 0 && time.Since(time.Unix(0, since)) > faultCheckInterval:
		d.since.Store(0)
	}
}

func newDiskMonitor(c config, store *db.Store) *diskMonitor {
	return &diskMonitor{
		dirs: []string{c.data, filepath.Join(c.data, "files")}, store: store, postgres: c.databaseURL != "",
		failed: make(chan struct{}, 1),
	}
}

// warning returns the text that /readyz shows: the problem that the last check or a write found, or an empty string.
func (m *diskMonitor) warning() string {
	fault, _ := m.fault.Load().(string)
	switch {
	case fault != "":
		return fault
	case m.postgresFull.isFull():
		return postgresFullWarning
	case m.bucketFull.isFull():
		return bucketFullWarning
	}
	return ""
}

func (m *diskMonitor) writable() bool { return m.warning() == "" }

// run checks CHARLA_DATA until ctx is done.
func (m *diskMonitor) run(ctx context.Context) {
	for ctx.Err() == nil {
		m.check()
		pause := diskCheckInterval
		if fault, _ := m.fault.Load().(string); fault != "" {
			pause = min(pause, faultCheckInterval)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		case <-m.failed:
			select {
			case <-ctx.Done():
			case <-time.After(min(diskCheckInterval, faultCheckInterval)):
			}
		}
	}
}

func (m *diskMonitor) check() {
	err := m.probe()
	if err == nil {
		m.fault.Store("")
		return
	}
	if now := time.Now(); now.Sub(m.lastLogged) >= logInterval {
		m.lastLogged = now
		slog.Warn("CHARLA_DATA cannot be written", "error", err)
	}
	if isNoSpace(err) {
		m.fault.Store(dataFullWarning)
		return
	}
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathError.Err // without the path, because anybody may read /readyz
	}
	m.fault.Store("CHARLA_DATA cannot be written: " + err.Error())
}

func isNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// recordTx takes note of the result of a transaction.
func (m *diskMonitor) recordTx(err error) {
	switch full := errors.Is(err, chat.ErrDiskFull); {
	case m.postgres:
		m.postgresFull.record(full, err)
	case full:
		m.dataFull()
	}
}

// recordFile takes note of the result of storing a file.
func (m *diskMonitor) recordFile(err error) {
	if isNoSpace(err) {
		m.dataFull()
		return
	}
	m.bucketFull.record(errors.Is(err, chat.ErrDiskFull), err)
}

func (m *diskMonitor) dataFull() {
	m.fault.Store(dataFullWarning)
	select {
	case m.failed <- struct{}{}:
	default: // a check is coming already
	}
}

// watchedStore is a store that reports its transactions to a diskMonitor.
type watchedStore struct {
	*db.Store
	disk *diskMonitor
}

func (s watchedStore) InTx(ctx context.Context, f func(chat.Tx) error) error {
	err := s.Store.InTx(ctx, f)
	s.disk.recordTx(err)
	return err
}

// watchedBlobs is a blob store that reports to a diskMonitor how storing files ends.
type watchedBlobs struct {
	chat.BlobStore
	disk *diskMonitor
}

func (b watchedBlobs) Receive(ctx context.Context, r io.Reader, limit int64) (chat.IncomingBlob, error) {
	incoming, err := b.BlobStore.Receive(ctx, r, limit)
	if err != nil {
		b.disk.recordFile(err)
		return nil, err
	}
	return watchedIncoming{incoming, b.disk}, nil
}

type watchedIncoming struct {
	chat.IncomingBlob
	disk *diskMonitor
}

func (i watchedIncoming) Commit(ctx context.Context) (chat.Blob, error) {
	blob, err := i.IncomingBlob.Commit(ctx)
	i.disk.recordFile(err)
	return blob, err
}

// probe checks the disk. It returns an error if the database file was deleted or a directory cannot be written.
func (m *diskMonitor) probe() error {
	if err := m.store.CheckFile(); err != nil {
		return err
	}
	for _, dir := range m.dirs {
		if err := probeWritable(dir); err != nil {
			return err
		}
	}
	return nil
}

// probeWritable writes a temporary file into a directory and deletes it. It returns the error of the operating system
// if that fails.
func probeWritable(dir string) error {
	file, err := os.OpenFile(filepath.Join(dir, "write-test"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	for range probeBlocks {
		if _, err := file.Write(probeBlock[:]); err != nil {
			return err
		}
	}
	return nil
}
