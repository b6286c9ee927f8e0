package files

import "time"

// Stalled changes how long S3 may be silent, of vaults that are opened then.
func Stalled(after time.Duration) (undo func()) {
	was := stalled
	stalled = after
	return func() { stalled = was }
}
