package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"charla/chat"
)

// library is a database in memory: what was committed, whatever was announced of it.
type library struct {
	mu       sync.Mutex // guards all below
	rooms    map[chat.Topic]*shelf
	ended    map[int64]chat.Micros // sessions, and when
	failing  bool
	detached bool // readers have connections of their own
	readings int
}

type shelf struct {
	id, last int64
	messages []chat.Message
	left     []chat.Departure
}

var general = chat.Topic{Room: 1}

func newLibrary() *library {
	return &library{rooms: map[chat.Topic]*shelf{general: {id: 1}}}
}

// post commits a message without announcing it.
func (l *library) post(at chat.Topic, author int64, body string) chat.MessagePosted {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rooms[at] == nil {
		l.rooms[at] = &shelf{id: at.Low*1000 + at.High}
	}
	room := l.rooms[at]
	room.last++
	m := chat.Message{ID: room.id*10000 + room.last, Room: room.id, Seq: room.last, ChangedSeq: room.last, AuthorID: author, Body: body}
	room.messages = append(room.messages, m)
	return chat.MessagePosted{Topic: at, Message: m}
}

// edit commits a change of the message with a seq.
func (l *library) edit(at chat.Topic, seq int64, body string) chat.MessageChanged {
	l.mu.Lock()
	defer l.mu.Unlock()
	room := l.rooms[at]
	room.last++
	i := slices.IndexFunc(room.messages, func(m chat.Message) bool { return m.Seq == seq })
	room.messages[i].Body, room.messages[i].ChangedSeq = body, room.last
	return chat.MessageChanged{Topic: at, Message: room.messages[i]}
}

// join commits a change that is no message.
func (l *library) join(at chat.Topic) chat.MemberJoined {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rooms[at].last++
	return chat.MemberJoined{Topic: at, Seq: l.rooms[at].last}
}

var errDown = errors.New("the database is down")

func (l *library) Changes(_ context.Context, room, cursor int64, limit int) (chat.Changes, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readings++
	if l.failing {
		return chat.Changes{}, errDown
	}
	for _, r := range l.rooms {
		if r.id != room {
			continue
		}
		changed := slices.DeleteFunc(slices.Clone(r.messages), func(m chat.Message) bool { return m.ChangedSeq <= cursor })
		c := chat.SplitChanges(cursor, r.last, changed)
		c.Partial = len(changed) > limit || cursor > r.last
		c.Left = slices.DeleteFunc(slices.Clone(r.left), func(d chat.Departure) bool { return d.Seq <= cursor })
		c.Partial = c.Partial || slices.ContainsFunc(c.Left, func(d chat.Departure) bool { return d.ForGood })
		return c, nil
	}
	return chat.Changes{Partial: cursor > 0}, nil
}

func (l *library) LastSeqs(_ context.Context, topics []chat.Topic) (map[chat.Topic]chat.RoomSeq, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failing {
		return nil, errDown
	}
	seqs := map[chat.Topic]chat.RoomSeq{}
	for _, at := range topics {
		if r := l.rooms[at]; r != nil {
			seqs[at] = chat.RoomSeq{Room: r.id, LastSeq: r.last}
		}
	}
	return seqs, nil
}

func (l *library) EndedSessions(_ context.Context, since chat.Micros) (ended []int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failing {
		return nil, errDown
	}
	for session, at := range l.ended {
		if at >= since {
			ended = append(ended, session)
		}
	}
	return ended, nil
}

// end ends a session without announcing it.
func (l *library) end(session int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = map[int64]chat.Micros{session: chat.At(time.Now())}
}

func (l *library) Departures(_ context.Context, since chat.Micros) (all []chat.Departure, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failing {
		return nil, errDown
	}
	for _, r := range l.rooms {
		for _, d := range r.left {
			if d.At >= since {
				all = append(all, d)
			}
		}
	}
	return all, nil
}

// MembersAmong says that everybody whose number is even is in every room.
func (l *library) MembersAmong(_ context.Context, _, people []int64) ([]int64, error) {
	return slices.DeleteFunc(people, func(id int64) bool { return id%2 == 1 }), nil
}

// remove commits a departure.
func (l *library) remove(at chat.Topic, user int64) chat.MemberLeft {
	l.mu.Lock()
	defer l.mu.Unlock()
	room := l.rooms[at]
	room.last++
	room.left = append(room.left, chat.Departure{Room: room.id, User: user, Seq: room.last, At: chat.At(time.Now())})
	return chat.MemberLeft{Topic: at, User: user, Seq: room.last}
}

// erase commits a departure for good.
func (l *library) erase(at chat.Topic, user int64) chat.MemberLeft {
	left := l.remove(at, user)
	l.mu.Lock()
	defer l.mu.Unlock()
	room := l.rooms[at]
	room.left[len(room.left)-1].ForGood, left.ForGood = true, true
	return left
}

// read tells how often changes were read.
func (l *library) read() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.readings
}

func (l *library) fail(failing bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failing = failing
}

// lines is what the database shows of a topic now.
func (l *library) lines(at chat.Topic) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []string
	for _, m := range l.rooms[at].messages {
		lines = append(lines, m.Body)
	}
	return lines
}

// plain writes one word for each thing that happens: +seq=body a new line, ~seq=body a changed one, >id a cursor, @n who
// is here, …n who is writing, ^id how far a file is, !why the end.
type plain struct{}

func (p plain) Change(e chat.Change, id int64) []byte {
	switch e := e.(type) {
	case chat.MessagePosted:
		return fmt.Appendf(nil, "+%d=%s|", e.Message.Seq, e.Message.Body)
	case chat.MessageChanged:
		return fmt.Appendf(nil, "~%d=%s|", e.Message.Seq, e.Message.Body)
	}
	return nil
}

func (p plain) Presence(n Presence) []byte {
	var names []string
	for _, person := range n.People {
		names = append(names, person.Name)
	}
	return fmt.Appendf(nil, "@%d:%s|", n.Count, strings.Join(names, ","))
}
func (p plain) Typing(n Typing) []byte {
	var names []string
	for _, person := range n.People {
		names = append(names, person.Name)
	}
	return fmt.Appendf(nil, "…%d:%s|", n.Count, strings.Join(names, ","))
}
func (p plain) Uploading(u chat.Uploading) []byte {
	return fmt.Appendf(nil, "^%s:%d/%d|", u.ID, u.Received, u.Total)
}

func (p plain) Box(b chat.BoxChanged) []byte {
	return fmt.Appendf(nil, "box %s %d\n", b.What, b.File.ID)
}
func (p plain) Cursor(id int64) []byte { return fmt.Appendf(nil, ">%d|", id) }
func (p plain) Beat() []byte           { return []byte(".|") }
func (p plain) End(why End) []byte     { return fmt.Appendf(nil, "!%d|", why) }

// reader is somebody at the other end of a stream.
type reader struct {
	cancel context.CancelFunc
	done   chan error

	mu    sync.Mutex // guards all below
	words []string
	stuck chan struct{} // writes wait here while it is open
	state int           // how often the viewer's own state was asked for
	blind error         // what the viewer's own state answers
}

func (r *reader) Hurry(time.Duration) {}

func (r *reader) Write(p []byte) error {
	r.mu.Lock()
	stuck := r.stuck
	r.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.words = append(r.words, strings.FieldsFunc(string(p), func(c rune) bool { return c == '|' })...)
	return nil
}

// seen returns the words that begin with one of kinds.
func (r *reader) seen(kinds string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.words), func(w string) bool { return strings.IndexAny(w, kinds) != 0 })
}

func (r *reader) see(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blind = err
}

func (r *reader) states() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// person n is called pn; its session has the same number.
func viewer(n int64) Viewer {
	return Viewer{Person: chat.Person{ID: n, Name: fmt.Sprint("p", n)}, Session: n, Limit: 4}
}

// join subscribes a person and runs the stream from a cursor; -1 is from now.
func join(t *testing.T, h *Hub, l *library, v Viewer, at chat.Topic, after int64) *reader {
	t.Helper()
	s, err := h.Subscribe(t.Context(), v, at, plain{})
	if err != nil {
		t.Fatal(err)
	}
	replay := Replay{After: after}
	if at != (chat.Topic{}) {
		seqs, _ := l.LastSeqs(t.Context(), []chat.Topic{at})
		replay.Changes, err = l.Changes(t.Context(), seqs[at].Room, max(after, 0), chat.ReplayLimit)
		if err != nil {
			t.Fatal(err)
		}
	}
	if l.detached {
		return pipe(t, s, replay)
	}
	return run(t, s, replay)
}

// pipe reads a detached stream until it ends.
func pipe(t *testing.T, s *Stream, replay Replay) *reader {
	near, far := net.Pipe()
	r := &reader{done: make(chan error, 1), cancel: func() { far.Close() }}
	s.Detach(t.Context(), near, replay, nil)
	go func() {
		defer far.Close()
		var rest []byte
		for b := make([]byte, 512); ; {
			n, err := far.Read(b)
			rest = append(rest, b[:n]...)
			if end := bytes.LastIndexByte(rest, '|') + 1; end > 0 {
				r.Write(rest[:end])
				rest = rest[end:]
			}
			if err != nil {
				r.done <- err
				return
			}
		}
	}()
	return r
}

// run reads a stream until it ends.
func run(t *testing.T, s *Stream, replay Replay) *reader {
	r := &reader{done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() {
		defer s.Close()
		r.done <- s.Run(ctx, r, replay, func(context.Context) ([]byte, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.state++
			return nil, r.blind
		})
	}()
	return r
}

// pass lets the time of the bubble pass.
func pass(d time.Duration) { <-time.After(d) }

// leave closes the stream from the reader's side and waits for it.
func (r *reader) leave() {
	r.cancel()
	<-r.done
}

// page is a list of lines as htmx keeps it: a new line replaces the one with its seq or is sorted in, a changed line
// replaces the one with its seq or does nothing.
func page(words []string) []string {
	lines := map[string]string{}
	var order []string
	for _, w := range words {
		seq, body, _ := strings.Cut(w[1:], "=")
		_, known := lines[seq]
		if w[0] == '~' && !known {
			continue
		}
		if !known {
			order = append(order, seq)
		}
		lines[seq] = body
	}
	slices.SortFunc(order, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	out := make([]string, len(order))
	for i, seq := range order {
		out[i] = lines[seq]
	}
	return out
}
