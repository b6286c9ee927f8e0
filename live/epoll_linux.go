package live

import (
	"os"
	"sync"
	"syscall"
)

// disconnectWatcher notices readers that go, all of them in one epoll set: a goroutine that waits for each would cost as much
// memory as everything else of its stream. The set exists while somebody is watched.
type disconnectWatcher struct {
	mu      sync.Mutex // guards all below
	epoll   *os.File
	epollFD int // of the set: its own Fd would make it block
	lastID  int64
	streams map[int64]*hijackedStream
}

// removed is what a set reports of a connection: its reader closed it or is out of reach. What a reader says means nothing.
const epollDisconnected = syscall.EPOLLRDHUP

// add finishes d when its reader goes, until forget. It returns false where that cannot be noticed.
func (w *disconnectWatcher) add(d *hijackedStream) bool {
	if d.raw == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.epoll == nil && !w.open(d.hub) {
		return false
	}
	w.lastID++
	d.watchID = w.lastID
	event := syscall.EpollEvent{Events: epollDisconnected | syscall.EPOLLONESHOT, Fd: int32(d.watchID), Pad: int32(d.watchID >> 32)}
	var err error
	if closed := d.raw.Control(func(fd uintptr) { err = syscall.EpollCtl(w.epollFD, syscall.EPOLL_CTL_ADD, int(fd), &event) }); closed != nil {
		err = closed
	}
	if err == nil {
		w.streams[d.watchID] = d
	}
	w.closeIfEmpty()
	return err == nil
}

// remove ends the watching of d, whose connection leaves the set when it is closed.
func (w *disconnectWatcher) remove(d *hijackedStream) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.streams, d.watchID)
	w.closeIfEmpty()
}

// notEnded makes the set and has it waited for. The caller holds mu.
func (w *disconnectWatcher) open(h *Hub) bool {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil || syscall.SetNonblock(fd, true) != nil {
		return false
	}
	set := os.NewFile(uintptr(fd), "readers")
	raw, err := set.SyscallConn()
	if err != nil || !h.goTracked(func() { w.wait(raw) }) {
		set.Close()
		return false
	}
	w.epoll, w.epollFD, w.streams = set, fd, map[int64]*hijackedStream{}
	return true
}

// closeIfEmpty closes the set, which ends its wait, when nobody is watched. The caller holds mu.
func (w *disconnectWatcher) closeIfEmpty() {
	if w.epoll != nil && len(w.streams) == 0 {
		w.epoll.Close()
		w.epoll = nil
	}
}

// wait finishes the streams of readers that go, until the set is closed.
func (w *disconnectWatcher) wait(set syscall.RawConn) {
	var events [64]syscall.EpollEvent
	for n := 0; ; n = 0 {
		err := set.Read(func(fd uintptr) bool {
			n, _ = syscall.EpollWait(int(fd), events[:], 0)
			return n > 0
		})
		if err != nil {
			return
		}
		for _, e := range events[:n] {
			w.endStream(int64(e.Pad)<<32 | int64(uint32(e.Fd)))
		}
	}
}

func (w *disconnectWatcher) endStream(id int64) {
	w.mu.Lock()
	d := w.streams[id]
	w.mu.Unlock()
	if d != nil {
		d.end(endDisconnected)
	}
}
