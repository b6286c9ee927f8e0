package storage

import (
	"bytes"
	"time"
)

// SetIdleTimeout changes how long S3 may be silent, of vaults that are opened then.
func SetIdleTimeout(after time.Duration) (undo func()) {
	was := idleTimeout
	idleTimeout = after
	return func() { idleTimeout = was }
}

// memoryFile is a file in memory, which cannot grow.
type memoryFile []byte

func (b memoryFile) ReadAt(p []byte, at int64) (int, error) { return bytes.NewReader(b).ReadAt(p, at) }
func (b memoryFile) WriteAt(p []byte, at int64) (int, error) {
	return copy(b[at:at+int64(len(p))], p), nil
}

// StripGPS returns what becomes of the bytes of a film.
func StripGPS(sent []byte) ([]byte, error) {
	b := bytes.Clone(sent)
	_, err := stripGPS(mp4File{file: memoryFile(b), size: int64(len(b))})
	return b, err
}
