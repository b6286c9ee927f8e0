package live

import (
	"os"
	"sync"
	"syscall"
)

// watcher notices readers that go, all of them in one epoll set: a goroutine that waits for each would cost as much
// memory as everything else of its stream. The set exists while somebody is watched.
type watcher struct {
	mu      sync.Mutex // guards all below
	set     *os.File
	fd      int // of the set: its own Fd would make it block
	last    int64
	watched map[int64]*detached
}

// gone is what a set reports of a connection: its reader closed it or is out of reach. What a reader says means nothing.
const gone = syscall.EPOLLRDHUP

// watch finishes d when its reader goes, until forget. It returns false where that cannot be noticed.
func (w *watcher) watch(d *detached) bool {
	if d.raw == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.set == nil && !w.open(d.hub) {
		return false
	}
	w.last++
	d.watched = w.last
	event := syscall.EpollEvent{Events: gone | syscall.EPOLLONESHOT, Fd: int32(d.watched), Pad: int32(d.watched >> 32)}
	var err error
	if closed := d.raw.Control(func(fd uintptr) { err = syscall.EpollCtl(w.fd, syscall.EPOLL_CTL_ADD, int(fd), &event) }); closed != nil {
		err = closed
	}
	if err == nil {
		w.watched[d.watched] = d
	}
	w.tidy()
	return err == nil
}

// forget ends the watching of d, whose connection leaves the set when it is closed.
func (w *watcher) forget(d *detached) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.watched, d.watched)
	w.tidy()
}

// open makes the set and has it waited for. The caller holds mu.
func (w *watcher) open(h *Hub) bool {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil || syscall.SetNonblock(fd, true) != nil {
		return false
	}
	set := os.NewFile(uintptr(fd), "readers")
	raw, err := set.SyscallConn()
	if err != nil || !h.employ(func() { w.wait(raw) }) {
		set.Close()
		return false
	}
	w.set, w.fd, w.watched = set, fd, map[int64]*detached{}
	return true
}

// tidy closes the set, which ends its wait, when nobody is watched. The caller holds mu.
func (w *watcher) tidy() {
	if w.set != nil && len(w.watched) == 0 {
		w.set.Close()
		w.set = nil
	}
}

// wait finishes the streams of readers that go, until the set is closed.
func (w *watcher) wait(set syscall.RawConn) {
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
			w.finish(int64(e.Pad)<<32 | int64(uint32(e.Fd)))
		}
	}
}

func (w *watcher) finish(id int64) {
	w.mu.Lock()
	d := w.watched[id]
	w.mu.Unlock()
	if d != nil {
		d.finish(endGone)
	}
}
