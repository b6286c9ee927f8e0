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
	"charla/files"
	"charla/files/filestest"
)

// world is the program with all that it needs, and the people in it.
type world struct {
	*testing.T
	dir      string // logs, and the file of SQLite
	nodes    []*node
	weather  [][]trouble // what may happen, in kinds that are equally likely
	database func() content
	kept     string // where the bytes of files are
	dice     *dice
	words    atomic.Int64
	begun    time.Time
	longest  int // how long a trouble may last, in milliseconds

	acting  context.Context // ends when nobody begins anything new
	rest    context.CancelFunc
	writing sync.WaitGroup // everybody who acts
	reading sync.WaitGroup // everybody who looks

	residents []person // who never leave, and between them see every room

	faults []fault                    // of the nemesis alone, as
	took   map[string][]time.Duration // what was measured

	mu      sync.Mutex // guards all below
	people  []person   // who did nothing yet
	readers []*reader
	ops     []op
	files   []int64        // that were acknowledged
	recent  map[int64][]op // the messages acknowledged last, by room
}

// enough people for ten minutes: each log-out uses one up.
const people = 2000

func newWorld(t *testing.T) *world {
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
	w := &world{T: t, dir: dir, begun: time.Now(), longest: 4000, took: map[string][]time.Duration{}, recent: map[int64][]op{}}
	w.dice = w.newDice(t.Name())
	w.acting, w.rest = context.WithCancel(t.Context())
	return w
}

func (w *world) newDice(name string) *dice {
	h := fnv.New64()
	io.WriteString(h, name)
	return &dice{source: rand.New(rand.NewPCG(*seed, h.Sum64()))}
}

// oneNode is the program on SQLite.
func oneNode(t *testing.T) *world {
	w := newWorld(t)
	w.longest = 2500 // there is nobody else meanwhile
	data := filepath.Join(w.dir, "data")
	n := w.newNode("a", "CHARLA_DATA="+data)
	w.kept = filepath.Join(data, "files", "kept")
	w.database = func() content {
		c := w.content("sqlite", "file:"+filepath.Join(data, "charla.db")+"?_query_only=1&_busy_timeout=5000")
		c.Objects = w.objects(func() (*files.Vault, error) { return files.OpenLocal(filepath.Join(data, "files")) })
		return c
	}
	w.weather = [][]trouble{n.troubles()}
	w.open()
	return w
}

// bucket is where three nodes keep files.
const bucket = "charla"

// threeNodes share a PostgreSQL, a cluster of NATS and an S3, and reach all of them over proxies.
func threeNodes(t *testing.T) *world {
	postgres := dbtest.NewServer(t)
	w := newWorld(t)
	if *lasting > 2*time.Minute {
		w.longest = 12_000 // more than the store waits for an answer
	}
	nats, s3 := newNATS(t), filestest.New(t)
	w.kept = s3.Dir()
	w.weather = [][]trouble{nats.troubles(), {
		{"PostgreSQL is restarted", func() { postgres.Stop(t) }, func() { postgres.Start(t) }, false},
		{"kill -9 of PostgreSQL", func() { postgres.Kill(t) }, func() { postgres.Start(t) }, false},
		{"kill -9 of S3", func() { s3.Kill(t) }, func() { s3.Start(t) }, false},
	}}
	for _, name := range []string{"a", "b", "c"} {
		database, vault := w.proxy("unix", postgres.Socket()), w.proxy("tcp", s3.Addr())
		var hints []*Proxy
		var servers []string
		for _, s := range nats {
			hints = append(hints, w.proxy("tcp", s.address))
			servers = append(servers, "nats://"+hints[len(hints)-1].Addr())
		}
		n := w.newNode(name, "CHARLA_DATA="+w.dir, "NATS_URL="+strings.Join(servers, ","), "S3_URL="+filestest.URL(vault.Addr(), bucket),
			"DATABASE_URL=postgres://charla@"+database.Addr()+"/postgres?sslmode=disable")
		n.database, n.hints, n.vault = database, hints, vault
		w.weather = append(w.weather, n.troubles())
	}
	w.database = func() content {
		c := w.content("postgres", postgres.URL("postgres"))
		c.Objects = w.objects(func() (*files.Vault, error) {
			return files.OpenS3(w.Context(), filestest.URL(s3.Addr(), bucket), filepath.Join(w.dir, "files"))
		})
		return c
	}
	w.open()
	return w
}

// open makes the people and starts the nodes.
func (w *world) open() {
	w.Helper()
	seed := w.nodes[0].command("seed", strconv.Itoa(people))
	var trouble bytes.Buffer
	seed.Stderr = &trouble
	out, err := seed.Output()
	if err != nil {
		w.Fatalf("%v: %s", err, trouble.String())
	}
	for l := range strings.Lines(string(out)) {
		id, cookie, _ := strings.Cut(strings.TrimSpace(l), " ")
		w.people = append(w.people, person{id: integer(id), cookie: cookie})
	}
	for _, n := range w.nodes {
		n.start()
	}
	w.ready()
}

// ready waits until every node answers.
func (w *world) ready() {
	w.Helper()
	for _, n := range w.nodes {
		if !eventually(40*time.Second, n.ready) {
			w.Fatalf("node %s does not come back: see %s", n.name, n.log)
		}
	}
}

// newcomer is somebody whom nobody has seen yet: a member of General.
func (w *world) newcomer() person {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.people) == 0 {
		panic("there are not enough people for so long")
	}
	p := w.people[0]
	w.people = w.people[1:]
	return p
}

func (w *world) note(o op) op {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ops = append(w.ops, o)
	return o
}

// fewEnough are the messages of a room that are changed: so few that several people change one at once.
const fewEnough = 5

// said keeps an acknowledged message in mind, for those who change it.
func (w *world) said(o op) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if all := append(w.recent[o.Room], o); o.Outcome == ok {
		w.recent[o.Room] = all[max(0, len(all)-fewEnough):]
	}
}

// lately are the last messages in a place, and those of them that are somebody's own.
func (w *world) lately(in place, p person) (all, own []op) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all = slices.Clone(w.recent[in.room])
	return all, slices.DeleteFunc(slices.Clone(all), func(o op) bool { return o.Who != p.id })
}

func (w *world) add(r *reader) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.readers = append(w.readers, r)
}

// those are some of the readers there are now.
func (w *world) those(are func(*reader) bool) (some []*reader) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.readers {
		if are(r) {
			some = append(some, r)
		}
	}
	return some
}

// makeRoom is for quiet times: a request that is repeated would make two.
func (w *world) makeRoom(by person, access chat.Access) place {
	w.Helper()
	var made struct{ ID int64 }
	form := url.Values{"name": {"Room"}, "access": {string(access)}}
	if o := w.ask(by, w.nodes[0], op{}, http.MethodPost, "/rooms", form, into(&made)); o.Outcome != ok {
		w.Fatal("no room: ", o.Why)
	}
	return place{room: made.ID}
}

// chop cuts streams often and other answers now and then, after some bytes; and files.
func (w *world) chop(name string) func([]byte) (int, bool) {
	d := w.newDice(name)
	return func(request []byte) (int, bool) {
		switch {
		case bytes.HasPrefix(request, []byte("GET /events")):
			return d.upTo(12_000), d.upTo(2) == 0
		case bytes.HasPrefix(request, []byte("GET /files/")):
			return d.upTo(60_000), d.upTo(10) == 0
		}
		return d.upTo(600), d.upTo(25) == 0
	}
}

// stop stops all nodes at once.
func (w *world) stop() {
	w.Helper()
	var stops sync.WaitGroup
	for _, n := range w.nodes {
		stops.Go(n.stop)
	}
	stops.Wait()
}

// history is what was noted; nobody acts any more.
func (w *world) history() history {
	h := history{Ops: w.ops, Faults: w.faults}
	for _, r := range w.readers {
		h.Readings = append(h.Readings, r.reading)
	}
	return h
}

var troubleInLog = regexp.MustCompile(`(?m)^.*(level=ERROR|DATA RACE|^panic:|^fatal error:).*$`)

// logs fails the test where a program complained of itself.
func (w *world) logs() {
	w.Helper()
	for _, n := range w.nodes {
		text, err := os.ReadFile(n.log)
		if err != nil {
			w.Error(err)
		}
		for i, l := range troubleInLog.FindAllString(string(text), -1) {
			if i < maxShown {
				w.Errorf("node %s logged: %s", n.name, l)
			}
		}
	}
}

// keep writes a history beside the logs.
func (w *world) keep(h history, c content) {
	for name, v := range map[string]any{"history.json": h, "content.json": c} {
		if b, err := json.MarshalIndent(v, "", " "); err == nil {
			os.WriteFile(filepath.Join(w.dir, name), b, 0o644)
		}
	}
}
