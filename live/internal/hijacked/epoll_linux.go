package hijacked

import (
	"os"
	"sync"
	"syscall"
)

// disconnectWatcher notices when readers disconnect. It uses one epoll set and one goroutine for all connections,
// because a goroutine for each connection would cost as much memory as the rest of its stream. The set exists only
// while it contains connections.
type disconnectWatcher struct {
	mu     sync.Mutex // guards all below
	epoll  *os.File   // nil while there is no set
	fd     int        // the descriptor of epoll, kept because File.Fd would make it blocking
	lastID int64
	conns  map[int64]*Conn
}

// epollDisconnected is the epoll event that the kernel reports when a reader closed its connection or became
// unreachable. The watcher asks for no other event, because it ignores what readers send.
const epollDisconnected = syscall.EPOLLRDHUP

// add starts watching c: when its reader disconnects, the watcher calls Disconnected on the stream of c. It returns
// false if c cannot be watched.
func (w *disconnectWatcher) add(c *Conn) bool {
	if c.raw == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.epoll == nil && !w.open(c.pool) {
		return false
	}
	w.lastID++
	c.watchID = w.lastID
	err := w.register(c)
	if err == nil {
		w.conns[c.watchID] = c
	}
	w.closeIfEmpty()
	return err == nil
}

// register adds the file descriptor of c to the epoll set. It stores the watch id of c in two fields of the event,
// which the kernel returns unchanged. The caller holds mu.
func (w *disconnectWatcher) register(c *Conn) error {
	event := syscall.EpollEvent{
		Events: epollDisconnected | syscall.EPOLLONESHOT,
		Fd:     int32(c.watchID),
		Pad:    int32(c.watchID >> 32),
	}
	var err error
	closed := c.raw.Control(func(fd uintptr) {
		err = syscall.EpollCtl(w.fd, syscall.EPOLL_CTL_ADD, int(fd), &event)
	})
	if closed != nil {
		return closed
	}
	return err
}

// remove stops watching c. It leaves the file descriptor in the epoll set, because the kernel removes it when it is
// closed.
func (w *disconnectWatcher) remove(c *Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, c.watchID)
	w.closeIfEmpty()
}

// open creates the epoll set and starts the goroutine that waits for its events. It returns false if that failed. The
// caller holds mu.
func (w *disconnectWatcher) open(p *Pool) bool {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return false
	}
	if syscall.SetNonblock(fd, true) != nil {
		syscall.Close(fd)
		return false
	}
	epoll := os.NewFile(uintptr(fd), "epoll")
	raw, err := epoll.SyscallConn()
	if err != nil || !p.tryGo(func() { w.wait(raw) }) {
		epoll.Close()
		return false
	}
	w.epoll, w.fd, w.conns = epoll, fd, map[int64]*Conn{}
	return true
}

// closeIfEmpty closes the epoll set, which ends its goroutine, if no connection is watched. The caller holds mu.
func (w *disconnectWatcher) closeIfEmpty() {
	if w.epoll != nil && len(w.conns) == 0 {
		w.epoll.Close()
		w.epoll = nil
	}
}

// wait blocks until readers disconnect and tells their streams. It returns when the epoll set is closed.
func (w *disconnectWatcher) wait(epoll syscall.RawConn) {
	var events [64]syscall.EpollEvent
	for n := 0; ; n = 0 {
		err := epoll.Read(func(fd uintptr) bool {
			n, _ = syscall.EpollWait(int(fd), events[:], 0)
			return n > 0
		})
		if err != nil {
			return
		}
		for _, e := range events[:n] {
			w.disconnected(int64(e.Pad)<<32 | int64(uint32(e.Fd)))
		}
	}
}

// disconnected tells the stream of a watched connection that its reader has gone.
func (w *disconnectWatcher) disconnected(id int64) {
	w.mu.Lock()
	c := w.conns[id]
	w.mu.Unlock()
	if c != nil {
		c.stream.Disconnected()
	}
}
