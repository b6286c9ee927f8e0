package chaos

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing/iotest"
	"time"

	"charla/storage"
)

// sharedBodies is how many contents are sent by everybody, again and again.
const sharedBodies = 3

// randomBody draws what somebody sends: what others send too, or what nobody else does.
func (w *cluster) randomBody() []byte {
	from, size := *seed+uint64(w.textCount.Add(1)), 1+w.random.intN(60_000)
	if one := w.random.intN(3 * sharedBodies); one < sharedBodies {
		from, size = uint64(one), 20_000
	}
	noise := rand.NewChaCha8([32]byte{byte(from), byte(from >> 8), byte(from >> 16), byte(from >> 24)})
	b := make([]byte, size)
	noise.Read(b)
	return b
}

var errCut = errors.New("cut off")

// upload sends a file, which then waits, or half of one.
func (w *cluster) upload(p user, n *node, body []byte) op {
	var f struct{ ID int64 }
	o := op{Kind: doUpload, Size: int64(len(body)), Hash: hashOf(body)}
	sent := io.Reader(bytes.NewReader(body))
	if w.random.intN(6) == 0 {
		half := body[:len(body)/2]
		o.Size, o.Hash = 0, ""
		sent = io.MultiReader(bytes.NewReader(half), iotest.ErrReader(errCut))
	}
	o = w.sendOp(p, n, o, http.MethodPost, "/files?name=file.bin", sent, decodeJSON(&f))
	o.ID = f.ID
	return w.record(o)
}

func hashOf(b []byte) string {
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:])
}

// uploadSome uploads some files for a message and returns their ids: those that were acknowledged.
func (w *cluster) uploadSome(p user) string {
	var ids []string
	for range w.random.intN(3) + 1 {
		body := w.randomBody()
		if o := w.retryMostly(func(n *node) op { return w.upload(p, n, body) }); o.Outcome == succeeded {
			ids = append(ids, fmt.Sprint(o.ID))
			w.rememberFile(o.ID)
		}
	}
	return strings.Join(ids, " ")
}

// rememberFile keeps a file in mind, for those who look what they can get.
func (w *cluster) rememberFile(file int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files = append(w.files, file)
}

// recentFile is one of the files that were uploaded last, or 0.
func (w *cluster) recentFile() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.files) == 0 {
		return 0
	}
	return w.files[max(0, len(w.files)-1-w.random.intN(30))]
}

// fetch opens a file.
func (w *cluster) fetch(p user, n *node, id int64) op {
	var body []byte
	o := w.sendForm(p, n, op{Kind: doFetch, ID: id}, http.MethodGet, fmt.Sprint("/files/", id), nil, func(b []byte) error {
		body = b
		return nil
	})
	if o.Outcome == succeeded {
		o.Size, o.Hash = int64(len(body)), hashOf(body)
	}
	return w.record(o)
}

// fetchFiles opens files that were sent lately, of whomever.
func (w *cluster) fetchFiles(p user) {
	for !w.stopping() {
		if id := w.recentFile(); id != 0 {
			w.fetch(p, pick(w.random, w.nodes), id)
		}
		sleep(w.actorsCtx, w.random.millis(20, 200))
	}
}

// readEverything asks every node for every file that a message has, and for what is unread, now that all is well and stays so.
func (w *cluster) readEverything(c databaseState) {
	w.Helper()
	for _, n := range w.nodes {
		n.clientProxy.CutWhen(nil)
		if n.storageProxy != nil {
			n.storageProxy.CutWhen(nil)
		}
	}
	rooms := map[int64]int64{} // by message
	for _, m := range c.Messages {
		rooms[m.ID] = m.Room
	}
	in := map[[2]int64]bool{}
	for _, m := range c.Members {
		in[[2]int64{m.Room, m.User}] = true
	}
	for _, n := range w.nodes {
		var asking sync.WaitGroup
		todo := make(chan storedFile)
		for range 8 {
			asking.Go(func() {
				for f := range todo {
					for _, p := range w.residents {
						if in[[2]int64{rooms[f.Message], p.id}] {
							w.retry(func(*node) op { return w.fetch(p, n, f.ID) })
							break
						}
					}
				}
			})
		}
		for _, f := range c.Files {
			if f.Message != 0 {
				todo <- f
			}
		}
		close(todo)
		asking.Wait()
		for _, p := range w.residents {
			w.retry(func(*node) op { return w.countUnread(p, n) })
		}
	}
}

// collectGarbage lets the nodes begin anew with objects that are old enough to be swept, which is what they do first, and waits until
// they have done it.
func (w *cluster) collectGarbage() {
	w.Helper()
	w.stopNodes()
	past := time.Now().Add(-8 * 24 * time.Hour) // a week is how long objects without a row are left alone
	err := filepath.WalkDir(w.blobDir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(path, past, past))
	})
	if err != nil {
		w.Error(err)
	}
	for _, n := range w.nodes {
		n.start()
	}
	w.waitUntilReady()
	eventually(catchUpTimeout, func() bool { return len(objectsMatch(history{}, w.readState())) == 0 }) // otherwise the check tells what is wrong
}

// objects are what a vault keeps.
func (w *cluster) objects(open func() (*storage.Store, error)) (names []string) {
	w.Helper()
	v, err := open()
	if err != nil {
		w.Fatal(err)
	}
	defer v.Close()
	for o, err := range v.Objects(w.Context()) {
		if err != nil {
			w.Fatal(err)
		}
		names = append(names, o.Name)
	}
	return names
}
