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

// sharedBodies is the number of contents that all users upload again and again.
const sharedBodies = 3

// randomBody returns the content of a file: one that others upload too, or a unique one.
func (c *cluster) randomBody() []byte {
	from, size := *seed+uint64(c.textCount.Add(1)), 1+c.random.intN(60_000)
	if one := c.random.intN(3 * sharedBodies); one < sharedBodies {
		from, size = uint64(one), 20_000
	}
	noise := rand.NewChaCha8([32]byte{byte(from), byte(from >> 8), byte(from >> 16), byte(from >> 24)})
	b := make([]byte, size)
	noise.Read(b)
	return b
}

var errCut = errors.New("cut off")

// upload uploads a file, or now and then only half of it. An uploaded file is not sent yet.
func (c *cluster) upload(p user, n *node, body []byte) op {
	var f struct{ ID int64 }
	o := op{Kind: doUpload, Size: int64(len(body)), Hash: hashOf(body)}
	sent := io.Reader(bytes.NewReader(body))
	if c.random.intN(6) == 0 {
		half := body[:len(body)/2]
		o.Size, o.Hash = 0, ""
		sent = io.MultiReader(bytes.NewReader(half), iotest.ErrReader(errCut))
	}
	o = c.sendOp(p, n, o, http.MethodPost, "/files?name=file.bin", sent, decodeJSON(&f))
	o.ID = f.ID
	return c.record(o)
}

// hashOf returns the SHA-256 of b in hex.
func hashOf(b []byte) string {
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:])
}

// uploadSome uploads some files for a message and returns the ids of those that were acknowledged.
func (c *cluster) uploadSome(p user) string {
	var ids []string
	for range c.random.intN(3) + 1 {
		body := c.randomBody()
		if o := c.retryMostly(func(n *node) op { return c.upload(p, n, body) }); o.Outcome == succeeded {
			ids = append(ids, fmt.Sprint(o.ID))
			c.rememberFile(o.ID)
		}
	}
	return strings.Join(ids, " ")
}

// rememberFile keeps a file id for the actors that download files.
func (c *cluster) rememberFile(file int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files = append(c.files, file)
}

// recentFile returns the id of a recently uploaded file, or 0.
func (c *cluster) recentFile() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.files) == 0 {
		return 0
	}
	return c.files[max(0, len(c.files)-1-c.random.intN(30))]
}

// fetch downloads a file.
func (c *cluster) fetch(p user, n *node, id int64) op {
	var body []byte
	o := c.sendForm(p, n, op{Kind: doFetch, ID: id}, http.MethodGet, fmt.Sprint("/files/", id), nil,
		func(b []byte) error {
			body = b
			return nil
		})
	if o.Outcome == succeeded {
		o.Size, o.Hash = int64(len(body)), hashOf(body)
	}
	return c.record(o)
}

// fetchFiles downloads recent files of all users, again and again.
func (c *cluster) fetchFiles(p user) {
	for !c.stopping() {
		if id := c.recentFile(); id != 0 {
			c.fetch(p, pick(c.random, c.nodes), id)
		}
		sleep(c.actorsCtx, c.random.millis(20, 200))
	}
}

// readEverything downloads from every node every file that a message has, and reads all unread counts. It must be
// called when no fault is left.
func (c *cluster) readEverything(db databaseState) {
	c.Helper()
	for _, n := range c.nodes {
		n.clientProxy.CutWhen(nil)
		if n.storageProxy != nil {
			n.storageProxy.CutWhen(nil)
		}
	}
	rooms := map[int64]int64{} // by message
	for _, m := range db.Messages {
		rooms[m.ID] = m.Room
	}
	in := map[[2]int64]bool{}
	for _, m := range db.Members {
		in[[2]int64{m.Room, m.User}] = true
	}
	for _, n := range c.nodes {
		var asking sync.WaitGroup
		todo := make(chan storedFile)
		for range 8 {
			asking.Go(func() {
				for f := range todo {
					for _, p := range c.residents {
						if in[[2]int64{rooms[f.Message], p.id}] {
							c.retry(func(*node) op { return c.fetch(p, n, f.ID) })
							break
						}
					}
				}
			})
		}
		for _, f := range db.Files {
			if f.Message != 0 {
				todo <- f
			}
		}
		close(todo)
		asking.Wait()
		for _, p := range c.residents {
			c.retry(func(*node) op { return c.countUnread(p, n) })
		}
	}
}

// collectGarbage restarts the nodes with objects that are old enough to be collected, which is the first thing nodes
// do, and waits until they have done it.
func (c *cluster) collectGarbage() {
	c.Helper()
	c.stopNodes()
	past := time.Now().Add(-8 * 24 * time.Hour) // objects without a row are kept for a week
	err := filepath.WalkDir(c.blobDir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(path, past, past))
	})
	if err != nil {
		c.Error(err)
	}
	for _, n := range c.nodes {
		n.start()
	}
	c.waitUntilReady()
	eventually(catchUpTimeout,
		func() bool { return len(objectsMatch(history{}, c.readState())) == 0 }) // otherwise the check reports it
}

// objects returns the names of all stored objects.
func (c *cluster) objects(open func() (*storage.Store, error)) (names []string) {
	c.Helper()
	v, err := open()
	if err != nil {
		c.Fatal(err)
	}
	defer v.Close()
	for o, err := range v.Objects(c.Context()) {
		if err != nil {
			c.Fatal(err)
		}
		names = append(names, o.Name)
	}
	return names
}
