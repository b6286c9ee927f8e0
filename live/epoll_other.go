//go:build !linux

package live

// disconnectWatcher watches no connection on this system: each hijacked stream has a goroutine that notices when its reader goes.
type disconnectWatcher struct{}

func (*disconnectWatcher) add(*hijackedStream) bool { return false }

func (*disconnectWatcher) remove(*hijackedStream) {}
