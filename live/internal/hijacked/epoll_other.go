//go:build !linux

package hijacked

// disconnectWatcher cannot watch connections on this platform. Each connection has a goroutine instead that notices
// when its reader disconnects.
type disconnectWatcher struct{}

func (*disconnectWatcher) add(*Conn) bool { return false }

func (*disconnectWatcher) remove(*Conn) {}
