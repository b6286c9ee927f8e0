package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
	"charla/storage"
	"charla/storage/storagetest"
)

// cluster is the program with all that it needs, and the people in it.
type cluster struct {
	*testing.T
	dir            string // logs, and the file of SQLite
	nodes          []*node
	faultGroups    [][]fault // what may happen, in kinds that are equally likely
	readState      func() databaseState
	blobDir        string // where the bytes of files are
	random         *random
	textCount      atomic.Int64
	startedAt      time.Time
	maxFaultMillis int // how long a trouble may last, in milliseconds

	actorsCtx   context.Context // ends when nobody begins anything new
	stopActors  context.CancelFunc
	actors      sync.WaitGroup // everybody who acts
	openReaders sync.WaitGroup // everybody who looks

	residents []user // who never leave, and between them see every room

	faults []faultRecord              // of the nemesis alone, as
	delays map[string][]time.Duration // what was measured

	mu          sync.Mutex // guards all below
	unusedUsers []user     // who did nothing yet
	readers     []*reader
	ops         []op
	files       []int64        // that were acknowledged
	recent      map[int64][]op // the messages acknowledged last, by room
}

// enough people for ten minutes: each log-out uses one up.
const userCount = 2000

func newCluster(t *testing.T) *cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "charla-chaos-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("logs and data are kept in %s; again with -seed %d", dir, *seed)
		} else {
			os.RemoveAll(dir)
		}
	})
	w := &cluster{T: t, dir: dir, startedAt: time.Now(), maxFaultMillis: 4000, delays: map[string][]time.Duration{}, recent: map[int64][]op{}}
	w.random = w.newRandom(t.Name())
	w.actorsCtx, w.stopActors = context.WithCancel(t.Context())
	return w
}

func (w *cluster) newRandom(name string) *random {
	h := fnv.New64()
	io.WriteString(h, name)
	return &random{source: rand.New(rand.NewPCG(*seed, h.Sum64()))}
}

// newSingleNode is the program on SQLite.
func newSingleNode(t *testing.T) *cluster {
	w := newCluster(t)
	w.maxFaultMillis = 2500 // there is nobody else meanwhile
	data := filepath.Join(w.dir, "data")
	n := w.newNode("a", "CHARLA_DATA="+data)
	w.blobDir = filepath.Join(data, "files", "kept")
	w.readState = func() databaseState {
		c := w.readDatabase("sqlite", "file:"+filepath.Join(data, "charla.db")+"?_query_only=1&_busy_timeout=5000")
		c.Objects = w.objects(func() (*storage.Store, error) { return storage.OpenLocal(filepath.Join(data, "files")) })
		return c
	}
	w.faultGroups = [][]fault{n.faults()}
	w.start()
	return w
}

// bucket is where three nodes keep files.
const bucket = "charla"

// newThreeNodes share a PostgreSQL, a cluster of NATS and an S3, and reach all of them over proxies.
func newThreeNodes(t *testing.T) *cluster {
	postgres := dbtest.NewServer(t)
	w := newCluster(t)
	if *duration > 2*time.Minute {
		w.maxFaultMillis = 12_000 // more than the store waits for an answer
	}
	nats, s3 := newNATSCluster(t), storagetest.New(t)
	w.blobDir = s3.Dir()
	w.faultGroups = [][]fault{nats.faults(), {
		{"PostgreSQL is restarted", func() { postgres.Stop(t) }, func() { postgres.Start(t) }, false},
		{"kill -9 of PostgreSQL", func() { postgres.Kill(t) }, func() { postgres.Start(t) }, false},
		{"kill -9 of S3", func() { s3.Kill(t) }, func() { s3.Start(t) }, false},
	}}
	for _, name := range []string{"a", "b", "c"} {
		database, vault := w.newProxy("unix", postgres.Socket()), w.newProxy("tcp", s3.Addr())
		var hints []*Proxy
		var servers []string
		for _, s := range nats {
			hints = append(hints, w.newProxy("tcp", s.address))
			servers = append(servers, "nats://"+hints[len(hints)-1].Addr())
		}
		n := w.newNode(name, "CHARLA_DATA="+w.dir, "NATS_URL="+strings.Join(servers, ","), "S3_URL="+storagetest.URL(vault.Addr(), bucket),
			"DATABASE_URL=postgres://charla@"+database.Addr()+"/postgres?sslmode=disable")
		n.databaseProxy, n.natsProxies, n.storageProxy = database, hints, vault
		w.faultGroups = append(w.faultGroups, n.faults())
	}
	w.readState = func() databaseState {
		c := w.readDatabase("postgres", postgres.URL("postgres"))
		c.Objects = w.objects(func() (*storage.Store, error) {
			return storage.OpenS3(w.Context(), storagetest.URL(s3.Addr(), bucket), filepath.Join(w.dir, "files"))
		})
		return c
	}
	w.start()
	return w
}

// start makes the people and starts the nodes.
func (w *cluster) start() {
	w.Helper()
	seed := w.nodes[0].command("seed", strconv.Itoa(userCount))
	var trouble bytes.Buffer
	seed.Stderr = &trouble
	out, err := seed.Output()
	if err != nil {
		w.Fatalf("%v: %s", err, trouble.String())
	}
	for l := range strings.Lines(string(out)) {
		id, cookie, _ := strings.Cut(strings.TrimSpace(l), " ")
		w.unusedUsers = append(w.unusedUsers, user{id: parseInt64(id), cookie: cookie})
	}
	for _, n := range w.nodes {
		n.start()
	}
	w.waitUntilReady()
}

// waitUntilReady waits until every node answers.
func (w *cluster) waitUntilReady() {
	w.Helper()
	for _, n := range w.nodes {
		if !eventually(40*time.Second, n.ready) {
			w.Fatalf("node %s does not come back: see %s", n.name, n.log)
		}
	}
}

// nextUser is somebody whom nobody has seen yet: a member of General.
func (w *cluster) nextUser() user {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.unusedUsers) == 0 {
		panic("there are not enough people for so long")
	}
	p := w.unusedUsers[0]
	w.unusedUsers = w.unusedUsers[1:]
	return p
}

func (w *cluster) record(o op) op {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ops = append(w.ops, o)
	return o
}

// maxRecent are the messages of a room that are changed: so few that several people change one at once.
const maxRecent = 5

// rememberPost keeps an acknowledged message in mind, for those who change it.
func (w *cluster) rememberPost(o op) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if all := append(w.recent[o.Room], o); o.Outcome == succeeded {
		w.recent[o.Room] = all[max(0, len(all)-maxRecent):]
	}
}

// recentPosts are the last messages in a place, and those of them that are somebody's own.
func (w *cluster) recentPosts(in conversation, p user) (all, own []op) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all = slices.Clone(w.recent[in.room])
	return all, slices.DeleteFunc(slices.Clone(all), func(o op) bool { return o.By != p.id })
}

func (w *cluster) addReader(r *reader) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.readers = append(w.readers, r)
}

// readersWhere are some of the readers there are now.
func (w *cluster) readersWhere(are func(*reader) bool) (some []*reader) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.readers {
		if are(r) {
			some = append(some, r)
		}
	}
	return some
}

// createRoom is for quiet times: a request that is repeated would make two.
func (w *cluster) createRoom(by user, access chat.Access) conversation {
	w.Helper()
	var made struct{ ID int64 }
	form := url.Values{"name": {"Room"}, "access": {string(access)}}
	if o := w.sendForm(by, w.nodes[0], op{}, http.MethodPost, "/rooms", form, decodeJSON(&made)); o.Outcome != succeeded {
		w.Fatal("no room: ", o.Reason)
	}
	return conversation{room: made.ID}
}

// cutWhen cuts streams often and other answers now and then, after some bytes; and files.
func (w *cluster) randomCuts(name string) func([]byte) (int, bool) {
	d := w.newRandom(name)
	return func(request []byte) (int, bool) {
		switch {
		case bytes.HasPrefix(request, []byte("GET /events")):
			return d.intN(12_000), d.intN(2) == 0
		case bytes.HasPrefix(request, []byte("GET /files/")):
			return d.intN(60_000), d.intN(10) == 0
		}
		return d.intN(600), d.intN(25) == 0
	}
}

// stopNodes stops all nodes at once.
func (w *cluster) stopNodes() {
	w.Helper()
	var stops sync.WaitGroup
	for _, n := range w.nodes {
		stops.Go(n.stop)
	}
	stops.Wait()
}

// history is what was noted; nobody acts any more.
func (w *cluster) history() history {
	h := history{Ops: w.ops, Faults: w.faults}
	for _, r := range w.readers {
		h.Readers = append(h.Readers, r.log)
	}
	return h
}

var errorInLog = regexp.MustCompile(`(?m)^.*(level=ERROR|DATA RACE|^panic:|^fatal error:).*$`)

// checkLogs fails the test where a program complained of itself.
func (w *cluster) checkLogs() {
	w.Helper()
	for _, n := range w.nodes {
		text, err := os.ReadFile(n.log)
		if err != nil {
			w.Error(err)
		}
		for i, l := range errorInLog.FindAllString(string(text), -1) {
			if i < maxReported {
				w.Errorf("node %s logged: %s", n.name, l)
			}
		}
	}
}

// saveHistory writes a history beside the logs.
func (w *cluster) saveHistory(h history, c databaseState) {
	for name, v := range map[string]any{"history.json": h, "content.json": c} {
		if b, err := json.MarshalIndent(v, "", " "); err == nil {
			os.WriteFile(filepath.Join(w.dir, name), b, 0o644)
		}
	}
}
