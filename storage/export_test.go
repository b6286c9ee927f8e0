package storage

import (
	"bytes"
	"time"
)

// SetIdleTimeout changes idleTimeout for stores that are opened before undo is called.
func SetIdleTimeout(after time.Duration) (undo func()) {
	was := idleTimeout
	idleTimeout = after
	return func() { idleTimeout = was }
}

// memoryFile is a file in memory that cannot grow.
type memoryFile []byte

func (b memoryFile) ReadAt(p []byte, at int64) (int, error) { return bytes.NewReader(b).ReadAt(p, at) }
func (b memoryFile) WriteAt(p []byte, at int64) (int, error) {
	return copy(b[at:at+int64(len(p))], p), nil
}

// StripGPS returns a copy of the bytes of a file after stripGPS.
func StripGPS(sent []byte) ([]byte, error) {
	b := bytes.Clone(sent)
	f := mp4File{file: memoryFile(b), size: int64(len(b))}
	err := f.findPrivate()
	if err == nil {
		err = f.apply()
	}
	if err == errNotMP4 {
		err = nil
	}
	return b, err
}
