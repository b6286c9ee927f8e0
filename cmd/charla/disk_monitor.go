package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"charla/chat"
	"charla/db"
)

// diskCheckInterval is the time between two checks whether CHARLA_DATA can be written. It is long, because each check
// wakes a sleeping disk. Tests shorten it.
var diskCheckInterval = 30 * time.Second

// probeBlocks is how many blocks a check writes into its temporary file. Together they take a megabyte, so that a disk
// with less free space counts as full.
const probeBlocks = 16

var probeBlock [64 << 10]byte

// diskMonitor checks whether CHARLA_DATA can be written, so that the operator learns of a problem before the users do.
// The node stays ready after a failed check, because reading still works.
type diskMonitor struct {
	dirs       []string
	store      *db.Store
	lastLogged time.Time
	fault      atomic.Value // a string, empty if the last check succeeded
}

func newDiskMonitor(c config, store *db.Store) *diskMonitor {
	return &diskMonitor{dirs: []string{c.data, filepath.Join(c.data, "files")}, store: store}
}

// warning returns the text that /readyz shows: the fault that the last check found, or an empty string.
func (m *diskMonitor) warning() string {
	fault, _ := m.fault.Load().(string)
	return fault
}

func (m *diskMonitor) writable() bool { return m.warning() == "" }

func (m *diskMonitor) run(ctx context.Context) { chat.Every(ctx, diskCheckInterval, m.check) }

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
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathError.Err // without the path, because anybody may read /readyz
	}
	m.fault.Store("CHARLA_DATA cannot be written: " + err.Error())
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
