//go:build !linux

package hijacked

// disconnectWatcher watches nothing on this platform: each connection has a goroutine that notices a disconnect.
type disconnectWatcher struct{}

func (*disconnectWatcher) add(*Conn) bool { return false }

func (*disconnectWatcher) remove(*Conn) {}
