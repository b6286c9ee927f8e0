package chaos

import (
	"bufio"
	"context"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// reader is one open page of a person: it fetches the page, follows its stream, and comes back with its cursor whenever
// that is cut.
type reader struct {
	person
	w      *world
	name   string
	place  place
	pinned *node // where it always connects; nil for anywhere
	slow   bool  // takes little at a time, and is away for long in between
	stayed bool  // never leaves the room: in the end its page must show everything
	states bool  // follows what is unread, in all conversations
	stop   context.CancelFunc

	stream, lastID string // used by run alone; no stream: the page must be fetched

	mu      sync.Mutex // guards all below
	reading reading
	page    page
	opened  int             // how often the stream was open
	told    map[string]bool // the named events that came
}

// watch opens a page, which stays open until stop.
func (w *world) watch(r *reader) *reader {
	ctx, stop := context.WithCancel(w.Context())
	r.w, r.stop, r.told = w, stop, map[string]bool{}
	if r.states {
		r.stream = "/events"
	}
	r.reading = reading{Reader: r.name, Who: r.id, Session: r.cookie, Room: r.place.room, Stayed: r.stayed, Program: r.program != nil}
	w.add(r)
	w.reading.Go(func() { r.run(ctx) })
	return r
}

func (r *reader) run(ctx context.Context) {
	for ctx.Err() == nil && !r.was("logout") {
		n := r.pinned
		if n == nil {
			n = pick(r.w.dice, r.w.nodes)
		}
		if r.stream == "" {
			r.load(ctx, n)
		} else {
			r.follow(ctx, n)
		}
		pause(ctx, r.w.dice.ms(10, 150))
		if r.slow {
			pause(r.w.acting, r.w.dice.ms(0, 10_000))
		}
	}
}

// answersWithin is when a reader tries again.
const answersWithin = 5 * time.Second

func (r *reader) load(ctx context.Context, n *node) {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	request := r.request(ctx, n, http.MethodGet, "/messages?"+r.place.form().Encode(), nil)
	if r.program != nil {
		request.Header.Set("Accept", "application/json")
	}
	answer, err := client.Do(request)
	if err != nil {
		return
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	r.over(answer, n)
	if err != nil || answer.StatusCode != http.StatusOK {
		return
	}
	r.lastID = ""
	if r.program != nil {
		var w window
		if into(&w)(body) == nil {
			r.stream = "/events?" + r.place.form("after", fmt.Sprint(w.Cursor)).Encode()
			r.see(sight{Kind: sawPage, Node: n.name, Lines: w.lines(), Cursor: w.Cursor})
		}
	} else if stream := streamOf.FindStringSubmatch(string(body)); stream != nil {
		r.stream = html.UnescapeString(stream[1])
		r.see(sight{Kind: sawPage, Node: n.name, Lines: linesIn(string(body)), Cursor: found(afterOf, r.stream)})
	}
}

// over notes an answer to somebody without a session.
func (r *reader) over(answer *http.Response, n *node) {
	if answer.StatusCode == http.StatusSeeOther || answer.StatusCode == http.StatusUnauthorized {
		r.see(sight{Kind: sawEnd, Node: n.name, Why: "logout"})
	}
}

// follow reads the stream until it ends, in whatever way.
func (r *reader) follow(ctx context.Context, n *node) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	late := time.AfterFunc(answersWithin, cancel)
	request := r.request(ctx, n, http.MethodGet, r.stream, nil)
	if r.lastID != "" {
		request.Header.Set("Last-Event-ID", r.lastID)
	}
	if r.program != nil {
		request.Header.Set("Accept", "text/event-stream, application/json")
	}
	asked := time.Now()
	follower := client
	if r.slow {
		follower = narrow
	}
	answer, err := follower.Do(request)
	if late.Stop(); err != nil {
		return
	}
	defer answer.Body.Close()
	r.over(answer, n)
	if answer.StatusCode != http.StatusOK {
		return
	}
	r.see(sight{Kind: sawOpened, Asked: asked, Node: n.name, Why: "after " + r.lastID})
	body := io.Reader(answer.Body)
	if r.slow {
		body = dawdling{body, r.w}
	}
	events(bufio.NewReader(body), func(e event) (more bool) {
		return r.take(e, n)
	})
}

// narrow keeps little of what was sent and not read, so that the server feels how slow its reader is.
var narrow = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err == nil {
		err = c.(*net.TCPConn).SetReadBuffer(pipe)
	}
	return c, err
}}}

// take applies one event, and tells whether the stream goes on.
func (r *reader) take(e event, n *node) (more bool) {
	s := sight{Kind: sawCursor, Node: n.name, Cursor: integer(e.id), Why: e.name}
	if e.id != "" {
		r.lastID = e.id
	}
	if lines := linesIn(e.data); len(lines) > 0 {
		s.Line, s.Kind = lines[0], sawChanged
		if strings.Contains(e.data, "<hx-upsert") {
			s.Kind = sawNew
		}
	}
	switch e.name {
	case "message", "edited", "deleted", "reaction":
		var m message
		if err := into(&m)([]byte(e.data)); err != nil {
			r.w.Errorf("%v in %s", err, e.data)
		}
		if s.Line, s.Kind = m.line(), sawChanged; e.name == "message" {
			s.Kind = sawNew
		}
	case "changed", "read":
		if err := into(&s.State)([]byte(e.data)); err != nil {
			r.w.Errorf("%v in %s", err, e.data)
		}
		if s.Kind = sawState; !r.states {
			return true
		}
	case "resync", "gone":
		r.stream = ""
		fallthrough
	case "logout", "bye", "restart":
		s.Kind = sawEnd
	}
	if e.id != "" || s.Kind != sawCursor {
		r.see(s)
	}
	return s.Kind != sawEnd
}

func (r *reader) see(s sight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.At = time.Now()
	r.reading.Sights = append(r.reading.Sights, s)
	switch r.page.show(s); s.Kind {
	case sawOpened:
		r.opened++
	case sawEnd:
		r.told[s.Why] = true
	}
}

// was tells whether an event with this name came.
func (r *reader) was(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.told[name]
}

// open tells whether the stream was ever open.
func (r *reader) open() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.opened > 0
}

// shows tells whether the page shows a line.
func (r *reader) shows(seq int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, there := r.page.lines[seq]
	return there
}

// complete tells whether the page shows everything there is.
func (r *reader) complete(c content) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.states {
		return !slices.ContainsFunc(c.standings(r.id), func(s standing) bool { return !slices.Contains(r.reading.states(), s) })
	}
	last := c.LastSeq[r.place.room]
	return r.page.lines != nil && len(r.page.lacks(c.in(r.place.room, r.page.from, last), last)) == 0
}

// dawdling is a reader who takes little at a time, as long as writers write.
type dawdling struct {
	io.Reader
	w *world
}

func (d dawdling) Read(p []byte) (int, error) {
	pause(d.w.acting, 20*time.Millisecond)
	return d.Reader.Read(p[:min(len(p), 256)])
}
