package chaos

import (
	"bytes"
	"context"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
	"charla/storage"
	"charla/storage/storagetest"
)

// cluster is a set of nodes with everything they need, and the users who act on them.
type cluster struct {
	*testing.T
	dir            string // logs and data
	nodes          []*node
	faultGroups    [][]fault // faults in groups that are equally likely
	readState      func() databaseState
	indexProblems  func() []string // compares the search index with the messages, while no node runs
	blobDir        string          // directory with the stored blobs
	random         *random
	textCount      atomic.Int64
	maxFaultMillis int // longest duration of a fault, in milliseconds

	actorsCtx   context.Context // ends when actors should stop
	stopActors  context.CancelFunc
	actors      sync.WaitGroup // running actors
	openReaders sync.WaitGroup // running readers

	residents []user // who never leave, and together are members of every room

	faults []faultRecord              // used only by the goroutine that injects faults
	delays map[string][]time.Duration // measured delays; likewise

	mu          sync.Mutex // guards all below
	unusedUsers []user     // who have done nothing yet
	readers     []*reader
	ops         []op
	files       []int64        // ids of acknowledged uploads
	recent      map[int64][]op // recently acknowledged messages, by room
}

// userCount is enough for ten minutes: every log-out uses up one user.
const userCount = 2000

// newCluster makes a cluster without nodes.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "charla-chaos-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("logs and data are kept in %s; repeat with -seed %d", dir, *seed)
		} else {
			os.RemoveAll(dir)
		}
	})
	c := &cluster{T: t, dir: dir, maxFaultMillis: 4000, delays: map[string][]time.Duration{},
		recent: map[int64][]op{}}
	c.random = c.newRandom(t.Name())
	c.actorsCtx, c.stopActors = context.WithCancel(t.Context())
	return c
}

// newRandom returns a source of random choices that depends on the seed and a name.
func (c *cluster) newRandom(name string) *random {
	h := fnv.New64()
	io.WriteString(h, name)
	return &random{source: rand.New(rand.NewPCG(*seed, h.Sum64()))}
}

// newSingleNode starts one node on SQLite.
func newSingleNode(t *testing.T) *cluster {
	c := newCluster(t)
	c.maxFaultMillis = 2500 // nothing answers meanwhile
	data := filepath.Join(c.dir, "data")
	n := c.newNode("a", "CHARLA_DATA="+data)
	c.blobDir = filepath.Join(data, "files", "kept")
	c.readState = func() databaseState {
		db := c.readDatabase("sqlite", "file:"+filepath.Join(data, "charla.db")+"?_query_only=1&_busy_timeout=5000")
		db.Objects = c.objects(func() (*storage.Store, error) {
			return storage.OpenLocal(filepath.Join(data,
				"files"))
		})
		return db
	}
	c.indexProblems = func() []string {
		return c.searchIndexProblems("sqlite", "file:"+filepath.Join(data, "charla.db")+"?_busy_timeout=5000",
			func() (*db.Store, error) { return db.OpenSQLite(c.Context(), data) })
	}
	c.faultGroups = [][]fault{n.faults()}
	c.start()
	return c
}

// bucket is the S3 bucket of the three nodes.
const bucket = "charla"

// newThreeNodes starts three nodes that share PostgreSQL, a NATS cluster and S3, and reach all of them through proxies.
func newThreeNodes(t *testing.T) *cluster {
	postgres := dbtest.NewServer(t)
	c := newCluster(t)
	if *runTime > 2*time.Minute {
		c.maxFaultMillis = 12_000 // longer than the timeouts of the store
	}
	nats, s3 := newNATSCluster(t), storagetest.New(t)
	c.blobDir = s3.Dir()
	c.faultGroups = [][]fault{nats.faults(), {
		{"PostgreSQL is restarted", func() { postgres.Stop(t) }, func() { postgres.Start(t) }, false},
		{"kill -9 of PostgreSQL", func() { postgres.Kill(t) }, func() { postgres.Start(t) }, false},
		{"kill -9 of S3", func() { s3.Kill(t) }, func() { s3.Start(t) }, false},
	}}
	for _, name := range []string{"a", "b", "c"} {
		database, vault := c.newProxy("unix", postgres.Socket()), c.newProxy("tcp", s3.Addr())
		var hints []*Proxy
		var servers []string
		for _, s := range nats {
			hints = append(hints, c.newProxy("tcp", s.address))
			servers = append(servers, "nats://"+hints[len(hints)-1].Addr())
		}
		n := c.newNode(name, "CHARLA_DATA="+c.dir, "NATS_URL="+strings.Join(servers, ","),
			"S3_URL="+storagetest.URL(vault.Addr(), bucket),
			"DATABASE_URL=postgres://charla@"+database.Addr()+"/postgres?sslmode=disable")
		n.databaseProxy, n.natsProxies, n.storageProxy = database, hints, vault
		c.faultGroups = append(c.faultGroups, n.faults())
	}
	c.readState = func() databaseState {
		db := c.readDatabase("postgres", postgres.URL("postgres"))
		db.Objects = c.objects(func() (*storage.Store, error) {
			return storage.OpenS3(c.Context(), storagetest.URL(s3.Addr(), bucket), filepath.Join(c.dir, "files"))
		})
		return db
	}
	c.indexProblems = func() []string {
		source := postgres.URL("postgres")
		return c.searchIndexProblems("postgres", source,
			func() (*db.Store, error) { return db.OpenPostgres(c.Context(), source) })
	}
	c.start()
	return c
}

// start creates the users and starts the nodes.
func (c *cluster) start() {
	c.Helper()
	seed := c.nodes[0].command("seed", strconv.Itoa(userCount))
	var stderr bytes.Buffer
	seed.Stderr = &stderr
	out, err := seed.Output()
	if err != nil {
		c.Fatalf("%v: %s", err, stderr.String())
	}
	for l := range strings.Lines(string(out)) {
		id, cookie, _ := strings.Cut(strings.TrimSpace(l), " ")
		c.unusedUsers = append(c.unusedUsers, user{id: parseInt64(id), cookie: cookie})
	}
	for _, n := range c.nodes {
		n.start()
	}
	c.waitUntilReady()
}

// waitUntilReady waits until every node is ready.
func (c *cluster) waitUntilReady() {
	c.Helper()
	for _, n := range c.nodes {
		if !eventually(40*time.Second, n.ready) {
			c.Fatalf("node %s does not become ready: see %s", n.name, n.log)
		}
	}
}

// nextUser returns a user who has done nothing yet. They are a member of General.
func (c *cluster) nextUser() user {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.unusedUsers) == 0 {
		panic("more users are needed for a run this long")
	}
	p := c.unusedUsers[0]
	c.unusedUsers = c.unusedUsers[1:]
	return p
}

// record adds an op to the history and returns it.
func (c *cluster) record(o op) op {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ops = append(c.ops, o)
	return o
}

// maxRecent is the number of messages in a room that are changed. It is small, so that several users change one at the
// same time.
const maxRecent = 5

// requiredKinds are the kinds of requests about which every run must prove something.
var requiredKinds = []opKind{doPost, doEdit, doDelete, doReact, doRead, doJoin, doLeave, doUpload, doFetch, doRefresh,
	doMarkRead, doCountUnread}

// unprovedKinds returns the required kinds of which no request has been acknowledged yet.
func (c *cluster) unprovedKinds() []opKind {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(requiredKinds), func(k opKind) bool {
		return slices.ContainsFunc(c.ops, func(o op) bool { return o.Kind == k && o.Outcome == succeeded })
	})
}

// rememberPost keeps an acknowledged message for changeRecentMessage.
func (c *cluster) rememberPost(o op) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if all := append(c.recent[o.Room], o); o.Outcome == succeeded {
		c.recent[o.Room] = all[max(0, len(all)-maxRecent):]
	}
}

// recentPosts returns the recent messages of a conversation, and those of them that the user wrote.
func (c *cluster) recentPosts(in conversation, p user) (all, own []op) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all = slices.Clone(c.recent[in.room])
	return all, slices.DeleteFunc(slices.Clone(all), func(o op) bool { return o.By != p.id })
}

func (c *cluster) addReader(r *reader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readers = append(c.readers, r)
}

// readersWhere returns the readers for which a condition holds.
func (c *cluster) readersWhere(are func(*reader) bool) (some []*reader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.readers {
		if are(r) {
			some = append(some, r)
		}
	}
	return some
}

// createRoom creates a room. It must be called before faults begin, because a repeated request would create two.
func (c *cluster) createRoom(by user, access chat.Access) conversation {
	c.Helper()
	var made struct{ ID int64 }
	form := url.Values{"name": {"Room"}, "access": {string(access)}}
	if o := c.sendForm(by, c.nodes[0], op{}, http.MethodPost, "/rooms", form,
		decodeJSON(&made)); o.Outcome != succeeded {
		c.Fatal("create room: ", o.Reason)
	}
	return conversation{room: made.ID}
}

// stopNodes stops all nodes at the same time.
func (c *cluster) stopNodes() {
	c.Helper()
	var stops sync.WaitGroup
	for _, n := range c.nodes {
		stops.Go(n.stop)
	}
	stops.Wait()
}

// history returns the recorded history. All actors must have stopped.
func (c *cluster) history() history {
	h := history{Ops: c.ops, Faults: c.faults}
	for _, r := range c.readers {
		h.Readers = append(h.Readers, r.log)
	}
	return h
}
