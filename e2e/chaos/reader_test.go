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

// reader is an open page of a user. It loads the page, follows its stream, and reconnects with its cursor whenever the
// stream is cut.
type reader struct {
	user
	cluster       *cluster
	name          string
	conversation  conversation
	node          *node // the node it always connects to; nil for any
	slow          bool  // reads little at a time, with long pauses
	stayed        bool  // never leaves the room, so that its page must show everything in the end
	followsStates bool  // follows the unread counts of all conversations
	stop          context.CancelFunc

	stream, lastID string // used only by run; without a stream the page must be loaded

	mu     sync.Mutex // guards all below
	log    readerLog
	page   page
	opened int             // number of times the stream was opened
	events map[string]bool // names of the events that arrived
}

// openReader opens a page, which stays open until stop.
func (c *cluster) openReader(r *reader) *reader {
	ctx, stop := context.WithCancel(c.Context())
	r.cluster, r.stop, r.events = c, stop, map[string]bool{}
	if r.followsStates {
		r.stream = "/events"
	}
	r.log = readerLog{Reader: r.name, User: r.id, Session: r.cookie, Room: r.conversation.room, Stayed: r.stayed,
		Program: r.tokens != nil}
	c.addReader(r)
	c.openReaders.Go(func() { r.run(ctx) })
	return r
}

// run loads the page and follows its stream until ctx is done or the session has ended.
func (r *reader) run(ctx context.Context) {
	for ctx.Err() == nil && !r.received("logout") {
		n := r.node
		if n == nil {
			n = pick(r.cluster.random, r.cluster.nodes)
		}
		if r.stream == "" {
			r.loadPage(ctx, n)
		} else {
			r.followStream(ctx, n)
		}
		sleep(ctx, r.cluster.random.millis(10, 150))
		if r.slow {
			sleep(r.cluster.actorsCtx, r.cluster.random.millis(0, 10_000))
		}
	}
}

// requestTimeout is the time after which a reader tries again.
const requestTimeout = 5 * time.Second

// loadPage loads the page and records it.
func (r *reader) loadPage(ctx context.Context, n *node) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request := r.newRequest(ctx, n, http.MethodGet, "/messages?"+r.conversation.form().Encode(), nil)
	if r.tokens != nil {
		request.Header.Set("Accept", "application/json")
	}
	answer, err := httpClient.Do(request)
	if err != nil {
		return
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	r.noteLogout(answer, n)
	if err != nil || answer.StatusCode != http.StatusOK {
		return
	}
	r.lastID = ""
	if r.tokens != nil {
		var loaded jsonPage
		if decodeJSON(&loaded)(body) == nil {
			r.stream = "/events?" + r.conversation.form("after", fmt.Sprint(loaded.Cursor)).Encode()
			r.record(observation{Kind: sawPage, Node: n.name, Messages: loaded.shown(), Cursor: loaded.Cursor})
		}
	} else if stream := streamURLPattern.FindStringSubmatch(string(body)); stream != nil {
		r.stream = html.UnescapeString(stream[1])
		r.record(observation{Kind: sawPage, Node: n.name, Messages: parseMessages(string(body)),
			Cursor: matchInt(afterPattern, r.stream)})
	}
}

// noteLogout records a response that says that the session has ended.
func (r *reader) noteLogout(answer *http.Response, n *node) {
	if answer.StatusCode == http.StatusSeeOther || answer.StatusCode == http.StatusUnauthorized {
		r.record(observation{Kind: sawEnd, Node: n.name, Reason: "logout"})
	}
}

// followStream reads the stream until it ends.
func (r *reader) followStream(ctx context.Context, n *node) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	late := time.AfterFunc(requestTimeout, cancel)
	request := r.newRequest(ctx, n, http.MethodGet, r.stream, nil)
	if r.lastID != "" {
		request.Header.Set("Last-Event-ID", r.lastID)
	}
	if r.tokens != nil {
		request.Header.Set("Accept", "text/event-stream, application/json")
	}
	requestedAt := time.Now()
	follower := httpClient
	if r.slow {
		follower = smallBufferClient
	}
	answer, err := follower.Do(request)
	if late.Stop(); err != nil {
		return
	}
	defer answer.Body.Close()
	r.noteLogout(answer, n)
	if answer.StatusCode != http.StatusOK {
		return
	}
	r.record(observation{Kind: sawOpened, RequestedAt: requestedAt, Node: n.name, Reason: "after " + r.lastID})
	body := io.Reader(answer.Body)
	if r.slow {
		body = slowBody{body, r.cluster}
	}
	readEvents(bufio.NewReader(body), func(e sseEvent) (more bool) {
		return r.handleEvent(e, n)
	})
}

// smallBufferClient has a small receive buffer, so that the server notices a slow reader.
var smallBufferClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
	DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(bufferSize)
		}
		return c, err
	}}}

// handleEvent applies an event and reports whether the stream goes on.
func (r *reader) handleEvent(e sseEvent, n *node) (more bool) {
	s := observation{Kind: sawCursor, Node: n.name, Cursor: parseInt64(e.id), Reason: e.name}
	if e.id != "" {
		r.lastID = e.id
	}
	if messages := parseMessages(e.data); len(messages) > 0 {
		s.Message, s.Kind = messages[0], sawChanged
		if strings.Contains(e.data, "<hx-upsert") {
			s.Kind = sawNew
		}
	}
	switch e.name {
	case "message", "edited", "deleted", "reaction", "pinned":
		var m jsonMessage
		if err := decodeJSON(&m)([]byte(e.data)); err != nil {
			r.cluster.Errorf("%v in %s", err, e.data)
		}
		if s.Message, s.Kind = m.shown(), sawChanged; e.name == "message" {
			s.Kind = sawNew
		}
	case "changed", "read":
		if err := decodeJSON(&s.State)([]byte(e.data)); err != nil {
			r.cluster.Errorf("%v in %s", err, e.data)
		}
		if s.Kind = sawState; !r.followsStates {
			return true
		}
	case "resync", "gone":
		r.stream = ""
		fallthrough
	case "logout", "bye", "restart":
		s.Kind = sawEnd
	}
	if e.id != "" || s.Kind != sawCursor {
		r.record(s)
	}
	return s.Kind != sawEnd
}

// record adds an observation to the log and applies it to the page.
func (r *reader) record(s observation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.At = time.Now()
	r.log.Observations = append(r.log.Observations, s)
	switch r.page.apply(s); s.Kind {
	case sawOpened:
		r.opened++
	case sawEnd:
		r.events[s.Reason] = true
	}
}

// received reports whether an event with this name arrived.
func (r *reader) received(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events[name]
}

// wasOpen reports whether the stream was ever open.
func (r *reader) wasOpen() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.opened > 0
}

// showsMessage reports whether the page shows the message with a seq.
func (r *reader) showsMessage(seq int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, there := r.page.messages[seq]
	return there
}

// isComplete reports whether the page shows everything that is stored.
func (r *reader) isComplete(db databaseState) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.followsStates {
		return !slices.ContainsFunc(db.expectedStates(r.id),
			func(s conversationState) bool { return !slices.Contains(r.log.lastStates(), s) })
	}
	last := db.LastSeq[r.conversation.room]
	return r.page.messages != nil && len(r.page.missing(db.messagesBetween(r.conversation.room, r.page.first, last),
		last)) == 0
}

// slowBody reads little at a time, until the actors stop.
type slowBody struct {
	io.Reader
	cluster *cluster
}

func (d slowBody) Read(p []byte) (int, error) {
	sleep(d.cluster.actorsCtx, 20*time.Millisecond)
	return d.Reader.Read(p[:min(len(p), 256)])
}
