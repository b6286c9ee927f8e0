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

	"charla/db"
)

// lookEvery is how often CHARLA_DATA is tried, seldom because each try wakes a disk. Tests look sooner.
var lookEvery = 30 * time.Second

// room is how many blocks it must take: as good as none would be less than a megabyte.
const room = 16

var block [64 << 10]byte

// disk watches whether what Charla keeps in CHARLA_DATA can be written. That is worth a word before people find it out, and no
// reason to leave: who only reads is served as ever.
type disk struct {
	dirs    []string
	store   *db.Store
	shouted time.Time
	fault   atomic.Value // a string, empty while all is well
}

func newDisk(c config, store *db.Store) *disk {
	return &disk{dirs: []string{c.data, filepath.Join(c.data, "files")}, store: store}
}

// notice is for /readyz.
func (d *disk) notice() string {
	fault, _ := d.fault.Load().(string)
	return fault
}

func (d *disk) writable() bool { return d.notice() == "" }

func (d *disk) run(ctx context.Context) { every(ctx, lookEvery, d.look) }

func (d *disk) look() {
	err := d.store.InPlace()
	for _, dir := range d.dirs {
		if err == nil {
			err = takes(dir)
		}
	}
	if err == nil {
		d.fault.Store("")
		return
	}
	if now := time.Now(); now.Sub(d.shouted) >= shoutEvery {
		d.shouted = now
		slog.Warn("CHARLA_DATA cannot be written", "error", err)
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err // anybody may ask /readyz
	}
	d.fault.Store("CHARLA_DATA cannot be written: " + err.Error())
}

// takes tells why a directory does not take a file, by the words of the operating system.
func takes(dir string) error {
	file, err := os.OpenFile(filepath.Join(dir, "room"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	for n := 0; err == nil && n < room; n++ {
		_, err = file.Write(block[:])
	}
	return err
}
