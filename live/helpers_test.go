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

// fakeSource is a database in memory: what was committed, whatever was announced of it.
type fakeSource struct {
	mu            sync.Mutex // guards all below
	rooms         map[chat.StreamKey]*fakeRoom
	endedSessions map[int64]chat.Timestamp // sessions, and when
	failing       bool
	hijacked      bool // readers have connections of their own
	reads         int
}

type fakeRoom struct {
	id, lastSeq int64
	messages    []chat.Message
	departures  []chat.Departure
}

var general = chat.StreamKey{Room: 1}

func newFakeSource() *fakeSource {
	return &fakeSource{rooms: map[chat.StreamKey]*fakeRoom{general: {id: 1}}}
}

// post commits a message without announcing it.
func (l *fakeSource) post(at chat.StreamKey, author int64, body string) chat.MessagePosted {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rooms[at] == nil {
		l.rooms[at] = &fakeRoom{id: at.Low*1000 + at.High}
	}
	room := l.rooms[at]
	room.lastSeq++
	m := chat.Message{ID: room.id*10000 + room.lastSeq, Room: room.id, Seq: room.lastSeq, ChangedSeq: room.lastSeq, AuthorID: author, Body: body}
	room.messages = append(room.messages, m)
	return chat.MessagePosted{StreamKey: at, Message: m}
}

// edit commits a change of the message with a seq.
func (l *fakeSource) edit(at chat.StreamKey, seq int64, body string) chat.MessageChanged {
	l.mu.Lock()
	defer l.mu.Unlock()
	room := l.rooms[at]
	room.lastSeq++
	i := slices.IndexFunc(room.messages, func(m chat.Message) bool { return m.Seq == seq })
	room.messages[i].Body, room.messages[i].ChangedSeq = body, room.lastSeq
	return chat.MessageChanged{StreamKey: at, Message: room.messages[i]}
}

// addMember commits a change that is no message.
func (l *fakeSource) addMember(at chat.StreamKey) chat.MemberJoined {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rooms[at].lastSeq++
	return chat.MemberJoined{StreamKey: at, Seq: l.rooms[at].lastSeq}
}

var errDown = errors.New("the database is down")

func (l *fakeSource) Changes(_ context.Context, room, cursor int64, limit int) (chat.Changes, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	if l.failing {
		return chat.Changes{}, errDown
	}
	for _, r := range l.rooms {
		if r.id != room {
			continue
		}
		changed := slices.DeleteFunc(slices.Clone(r.messages), func(m chat.Message) bool { return m.ChangedSeq <= cursor })
		c := chat.ClassifyChanges(cursor, r.lastSeq, changed)
		c.TooFarBehind = len(changed) > limit || cursor > r.lastSeq
		c.Left = slices.DeleteFunc(slices.Clone(r.departures), func(d chat.Departure) bool { return d.Seq <= cursor })
		c.TooFarBehind = c.TooFarBehind || slices.ContainsFunc(c.Left, func(d chat.Departure) bool { return d.AccountDeleted })
		return c, nil
	}
	return chat.Changes{TooFarBehind: cursor > 0}, nil
}

func (l *fakeSource) LastSeqs(_ context.Context, topics []chat.StreamKey) (map[chat.StreamKey]chat.RoomSeq, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failing {
		return nil, errDown
	}
	seqs := map[chat.StreamKey]chat.RoomSeq{}
	for _, at := range topics {
		if r := l.rooms[at]; r != nil {
			seqs[at] = chat.RoomSeq{Room: r.id, LastSeq: r.lastSeq}
		}
	}
	return seqs, nil
}

func (l *fakeSource) EndedSessions(_ context.Context, since chat.Timestamp) (ended []int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failing {
		return nil, errDown
	}
	for session, at := range l.endedSessions {
		if at >= since {
			ended = append(ended, session)
		}
	}
	return ended, nil
}

// endReason ends a session without announcing it.
func (l *fakeSource) endSession(session int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endedSessions = map[int64]chat.Timestamp{session: chat.TimestampOf(time.Now())}
}

func (l *fakeSource) Departures(_ context.Context, since chat.Timestamp) (all []chat.Departure, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failing {
		return nil, errDown
	}
	for _, r := range l.rooms {
		for _, d := range r.departures {
			if d.At >= since {
				all = append(all, d)
			}
		}
	}
	return all, nil
}

// UsersInRooms says that everybody whose number is even is in every room.
func (l *fakeSource) UsersInRooms(_ context.Context, _, people []int64) ([]int64, error) {
	return slices.DeleteFunc(people, func(id int64) bool { return id%2 == 1 }), nil
}

// removeMember commits a departure.
func (l *fakeSource) removeMember(at chat.StreamKey, user int64) chat.MemberLeft {
	l.mu.Lock()
	defer l.mu.Unlock()
	room := l.rooms[at]
	room.lastSeq++
	room.departures = append(room.departures, chat.Departure{Room: room.id, User: user, Seq: room.lastSeq, At: chat.TimestampOf(time.Now())})
	return chat.MemberLeft{StreamKey: at, User: user, Seq: room.lastSeq}
}

// deleteAccount commits a departure for good.
func (l *fakeSource) deleteAccount(at chat.StreamKey, user int64) chat.MemberLeft {
	left := l.removeMember(at, user)
	l.mu.Lock()
	defer l.mu.Unlock()
	room := l.rooms[at]
	room.departures[len(room.departures)-1].AccountDeleted, left.AccountDeleted = true, true
	return left
}

// readCount tells how often changes were read.
func (l *fakeSource) readCount() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reads
}

func (l *fakeSource) setFailing(failing bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failing = failing
}

// bodies is what the database shows of a topic now.
func (l *fakeSource) bodies(at chat.StreamKey) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []string
	for _, m := range l.rooms[at].messages {
		lines = append(lines, m.Body)
	}
	return lines
}

// textEncoder writes one word for each thing that happens: +seq=body a new line, ~seq=body a changed one, >id a cursor, @n who
// is here, …n who is writing, ^id how far a file is, !why the end.
type textEncoder struct{}

func (p textEncoder) Change(e chat.RoomChange, id int64) []byte {
	switch e := e.(type) {
	case chat.MessagePosted:
		return fmt.Appendf(nil, "+%d=%s|", e.Message.Seq, e.Message.Body)
	case chat.MessageChanged:
		return fmt.Appendf(nil, "~%d=%s|", e.Message.Seq, e.Message.Body)
	}
	return nil
}

func (p textEncoder) Presence(n Presence) []byte {
	var names []string
	for _, person := range n.Users {
		names = append(names, person.Name)
	}
	return fmt.Appendf(nil, "@%d:%s|", n.Count, strings.Join(names, ","))
}
func (p textEncoder) Typing(n Typing) []byte {
	var names []string
	for _, person := range n.Users {
		names = append(names, person.Name)
	}
	return fmt.Appendf(nil, "…%d:%s|", n.Count, strings.Join(names, ","))
}
func (p textEncoder) UploadProgress(u chat.UploadProgress) []byte {
	return fmt.Appendf(nil, "^%s:%d/%d|", u.UploadID, u.Received, u.Total)
}

func (p textEncoder) Attachment(b chat.AttachmentChanged) []byte {
	return fmt.Appendf(nil, "box %s %d\n", b.Action, b.File.ID)
}
func (p textEncoder) Cursor(id int64) []byte   { return fmt.Appendf(nil, ">%d|", id) }
func (p textEncoder) Heartbeat() []byte        { return []byte(".|") }
func (p textEncoder) End(why EndReason) []byte { return fmt.Appendf(nil, "!%d|", why) }

// streamReader is somebody at the other end of a stream.
type streamReader struct {
	cancel context.CancelFunc
	done   chan error

	mu          sync.Mutex // guards all below
	tokens      []string
	blockWrites chan struct{} // writes wait here while it is open
	stateReads  int           // how often the viewer's own state was asked for
	stateErr    error         // what the viewer's own state answers
}

func (r *streamReader) ShortenDeadline(time.Duration) {}

func (r *streamReader) Write(p []byte) error {
	r.mu.Lock()
	stuck := r.blockWrites
	r.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens = append(r.tokens, strings.FieldsFunc(string(p), func(c rune) bool { return c == '|' })...)
	return nil
}

// received returns the words that begin with one of kinds.
func (r *streamReader) received(kinds string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.tokens), func(w string) bool { return strings.IndexAny(w, kinds) != 0 })
}

func (r *streamReader) setStateError(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stateErr = err
}

func (r *streamReader) stateCount() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stateReads
}

// person n is called pn; its session has the same number.
func viewer(n int64) Viewer {
	return Viewer{User: chat.UserSummary{ID: n, Name: fmt.Sprint("p", n)}, Session: n, MaxStreams: 4}
}

// addMember subscribes a person and runs the stream from a cursor; -1 is from now.
func openStream(t *testing.T, h *Hub, l *fakeSource, v Viewer, at chat.StreamKey, after int64) *streamReader {
	t.Helper()
	s, err := h.Subscribe(t.Context(), v, at, textEncoder{})
	if err != nil {
		t.Fatal(err)
	}
	replay := Replay{After: after}
	if at != (chat.StreamKey{}) {
		seqs, _ := l.LastSeqs(t.Context(), []chat.StreamKey{at})
		replay.Changes, err = l.Changes(t.Context(), seqs[at].Room, max(after, 0), chat.ReplayLimit)
		if err != nil {
			t.Fatal(err)
		}
	}
	if l.hijacked {
		return readHijacked(t, s, replay)
	}
	return readStream(t, s, replay)
}

// readHijacked reads a detached stream until it ends.
func readHijacked(t *testing.T, s *Stream, replay Replay) *streamReader {
	near, far := net.Pipe()
	r := &streamReader{done: make(chan error, 1), cancel: func() { far.Close() }}
	s.StartHijacked(t.Context(), near, replay, nil)
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

// readStream reads a stream until it ends.
func readStream(t *testing.T, s *Stream, replay Replay) *streamReader {
	r := &streamReader{done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() {
		defer s.Close()
		r.done <- s.Run(ctx, r, replay, func(context.Context) ([]byte, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.stateReads++
			return nil, r.stateErr
		})
	}()
	return r
}

// sendEvent lets the time of the bubble pass.
func advance(d time.Duration) { <-time.After(d) }

// disconnect closes the stream from the reader's side and waits for it.
func (r *streamReader) disconnect() {
	r.cancel()
	<-r.done
}

// applyToPage is a list of lines as htmx keeps it: a new line replaces the one with its seq or is sorted in, a changed line
// replaces the one with its seq or does nothing.
func applyToPage(words []string) []string {
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
