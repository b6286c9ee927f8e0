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

// diskCheckInterval is how often CHARLA_DATA is tried, seldom because each try wakes a disk. Tests look sooner.
var diskCheckInterval = 30 * time.Second

// probeBlocks is how many blocks it must take: as good as none would be less than a megabyte.
const probeBlocks = 16

var probeBlock [64 << 10]byte

// diskMonitor watches whether what Charla keeps in CHARLA_DATA can be written. That is worth a word before people find it out, and no
// reason to leave: who only reads is served as ever.
type diskMonitor struct {
	dirs       []string
	store      *db.Store
	lastLogged time.Time
	fault      atomic.Value // a string, empty while all is well
}

func newDiskMonitor(c config, store *db.Store) *diskMonitor {
	return &diskMonitor{dirs: []string{c.data, filepath.Join(c.data, "files")}, store: store}
}

// notice is for /readyz.
func (d *diskMonitor) notice() string {
	fault, _ := d.fault.Load().(string)
	return fault
}

func (d *diskMonitor) writable() bool { return d.notice() == "" }

func (d *diskMonitor) run(ctx context.Context) { chat.Every(ctx, diskCheckInterval, d.check) }

func (d *diskMonitor) check() {
	err := d.store.CheckFile()
	for _, dir := range d.dirs {
		if err == nil {
			err = probeWritable(dir)
		}
	}
	if err == nil {
		d.fault.Store("")
		return
	}
	if now := time.Now(); now.Sub(d.lastLogged) >= logEvery {
		d.lastLogged = now
		slog.Warn("CHARLA_DATA cannot be written", "error", err)
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err // anybody may ask /readyz
	}
	d.fault.Store("CHARLA_DATA cannot be written: " + err.Error())
}

// probeWritable tells why a directory does not take a file, by the words of the operating system.
func probeWritable(dir string) error {
	file, err := os.OpenFile(filepath.Join(dir, "room"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	for n := 0; err == nil && n < probeBlocks; n++ {
		_, err = file.Write(probeBlock[:])
	}
	return err
}
