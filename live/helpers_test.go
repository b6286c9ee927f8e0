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

// fakeSource is a Source in memory. Its methods that commit a change return the event without publishing it.
type fakeSource struct {
	mu            sync.Mutex // guards all below
	rooms         map[chat.StreamKey]*fakeRoom
	endedSessions map[int64]chat.Timestamp // when each session ended
	failing       bool
	hijacked      bool          // openStream uses hijacked connections
	reads         int           // calls of Changes
	hold          chan struct{} // if not nil, Changes returns only after it is closed
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

// post commits a message. It creates the room of a direct conversation.
func (db *fakeSource) post(key chat.StreamKey, author int64, body string) chat.MessagePosted {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.rooms[key] == nil {
		db.rooms[key] = &fakeRoom{id: key.Low*1000 + key.High}
	}
	room := db.rooms[key]
	room.lastSeq++
	m := chat.Message{
		ID: room.id*10000 + room.lastSeq, Room: room.id, Seq: room.lastSeq, ChangedSeq: room.lastSeq,
		AuthorID: author, Body: body,
	}
	room.messages = append(room.messages, m)
	return chat.MessagePosted{StreamKey: key, Message: m}
}

// edit commits a change of the message with this seq.
func (db *fakeSource) edit(key chat.StreamKey, seq int64, body string) chat.MessageChanged {
	db.mu.Lock()
	defer db.mu.Unlock()
	room := db.rooms[key]
	room.lastSeq++
	i := slices.IndexFunc(room.messages, func(m chat.Message) bool { return m.Seq == seq })
	room.messages[i].Body, room.messages[i].ChangedSeq = body, room.lastSeq
	return chat.MessageChanged{StreamKey: key, Message: room.messages[i]}
}

// addMember commits that a member joined, which is a change without a message.
func (db *fakeSource) addMember(key chat.StreamKey) chat.MemberJoined {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.rooms[key].lastSeq++
	return chat.MemberJoined{StreamKey: key, Seq: db.rooms[key].lastSeq}
}

var errDown = errors.New("the database is down")

func (db *fakeSource) Changes(_ context.Context, room, cursor int64, limit int) (chat.Changes, error) {
	c, hold, err := db.readChanges(room, cursor, limit)
	if hold != nil {
		<-hold
	}
	return c, err
}

// holdReads lets every read of changes return only after release is called.
func (db *fakeSource) holdReads() (release func()) {
	db.mu.Lock()
	defer db.mu.Unlock()
	hold := make(chan struct{})
	db.hold = hold
	return func() {
		db.mu.Lock()
		defer db.mu.Unlock()
		db.hold = nil
		close(hold)
	}
}

func (db *fakeSource) readChanges(room, cursor int64, limit int) (chat.Changes, chan struct{}, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.reads++
	if db.failing {
		return chat.Changes{}, db.hold, errDown
	}
	for _, r := range db.rooms {
		if r.id != room {
			continue
		}
		accountDeleted := func(d chat.Departure) bool { return d.AccountDeleted }
		old := func(m chat.Message) bool { return m.ChangedSeq <= cursor }
		changed := slices.DeleteFunc(slices.Clone(r.messages), old)
		c := chat.ClassifyChanges(cursor, r.lastSeq, changed)
		c.Left = slices.DeleteFunc(slices.Clone(r.departures), func(d chat.Departure) bool { return d.Seq <= cursor })
		c.TooFarBehind = len(changed) > limit || cursor > r.lastSeq || slices.ContainsFunc(c.Left, accountDeleted)
		return c, db.hold, nil
	}
	return chat.Changes{TooFarBehind: cursor > 0}, db.hold, nil
}

func (db *fakeSource) LastSeqs(_ context.Context, keys []chat.StreamKey) (map[chat.StreamKey]chat.RoomSeq, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.failing {
		return nil, errDown
	}
	seqs := map[chat.StreamKey]chat.RoomSeq{}
	for _, key := range keys {
		if r := db.rooms[key]; r != nil {
			seqs[key] = chat.RoomSeq{Room: r.id, LastSeq: r.lastSeq}
		}
	}
	return seqs, nil
}

func (db *fakeSource) EndedSessions(_ context.Context, since chat.Timestamp) (ended []int64, err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.failing {
		return nil, errDown
	}
	for session, endedAt := range db.endedSessions {
		if endedAt >= since {
			ended = append(ended, session)
		}
	}
	return ended, nil
}

// endSession commits the end of a session.
func (db *fakeSource) endSession(session int64) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.endedSessions = map[int64]chat.Timestamp{session: chat.TimestampOf(time.Now())}
}

func (db *fakeSource) Departures(_ context.Context, since chat.Timestamp) (all []chat.Departure, err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.failing {
		return nil, errDown
	}
	for _, r := range db.rooms {
		for _, d := range r.departures {
			if d.At >= since {
				all = append(all, d)
			}
		}
	}
	return all, nil
}

func (db *fakeSource) RoleChanges(context.Context, chat.Timestamp) ([]chat.RoleChanged, error) {
	return nil, nil
}

func (db *fakeSource) RoomsOfUsers(context.Context, []int64) ([]chat.UserRoom, error) {
	return nil, nil
}

func (db *fakeSource) UnseenCounts(context.Context, []int64) (map[int64]int, error) { return nil, nil }

// UsersInRooms returns the users with even ids, who are members of all rooms.
func (db *fakeSource) UsersInRooms(_ context.Context, _, users []int64) ([]int64, error) {
	return slices.DeleteFunc(users, func(id int64) bool { return id%2 == 1 }), nil
}

// removeMember commits that a member left.
func (db *fakeSource) removeMember(key chat.StreamKey, user int64) chat.MemberLeft {
	db.mu.Lock()
	defer db.mu.Unlock()
	room := db.rooms[key]
	room.lastSeq++
	room.departures = append(room.departures, chat.Departure{
		Room: room.id, User: user, Seq: room.lastSeq, At: chat.TimestampOf(time.Now()),
	})
	return chat.MemberLeft{StreamKey: key, User: user, Seq: room.lastSeq}
}

// deleteAccount commits that a member left because the account was deleted.
func (db *fakeSource) deleteAccount(key chat.StreamKey, user int64) chat.MemberLeft {
	left := db.removeMember(key, user)
	db.mu.Lock()
	defer db.mu.Unlock()
	room := db.rooms[key]
	room.departures[len(room.departures)-1].AccountDeleted, left.AccountDeleted = true, true
	return left
}

// readCount returns how often changes were read.
func (db *fakeSource) readCount() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.reads
}

// setFailing sets whether all reads fail.
func (db *fakeSource) setFailing(failing bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.failing = failing
}

// bodies returns the bodies of all messages of a conversation.
func (db *fakeSource) bodies(key chat.StreamKey) []string {
	db.mu.Lock()
	defer db.mu.Unlock()
	var bodies []string
	for _, m := range db.rooms[key].messages {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

// textEncoder renders each event as a token that ends with "|": +seq=body is a new message, ~seq=body a changed
// message, >n a cursor, @n: the online users, …n: the typing users, ^id: upload progress, "." a heartbeat and !n the
// end reason.
type textEncoder struct{}

func (textEncoder) Change(e chat.RoomChange, cursor int64) []byte {
	switch e := e.(type) {
	case chat.MessagePosted:
		return fmt.Appendf(nil, "+%d=%s|", e.Message.Seq, e.Message.Body)
	case chat.MessageChanged:
		return fmt.Appendf(nil, "~%d=%s|", e.Message.Seq, e.Message.Body)
	}
	return nil
}

func (textEncoder) Presence(p Presence) []byte {
	var names []string
	for _, user := range p.Users {
		names = append(names, user.Name)
	}
	return fmt.Appendf(nil, "@%d:%s|", p.Count, strings.Join(names, ","))
}

func (textEncoder) Typing(typing Typing) []byte {
	var names []string
	for _, user := range typing.Users {
		names = append(names, user.Name)
	}
	return fmt.Appendf(nil, "…%d:%s|", typing.Count, strings.Join(names, ","))
}

func (textEncoder) UploadProgress(u chat.UploadProgress) []byte {
	return fmt.Appendf(nil, "^%s:%d/%d|", u.UploadID, u.Received, u.Total)
}

func (textEncoder) Attachment(a chat.AttachmentChanged) []byte {
	return fmt.Appendf(nil, "attachment %s %d|", a.Action, a.File.ID)
}

func (textEncoder) Cursor(cursor int64) []byte  { return fmt.Appendf(nil, ">%d|", cursor) }
func (textEncoder) Heartbeat() []byte           { return []byte(".|") }
func (textEncoder) End(reason EndReason) []byte { return []byte(endToken(reason) + "|") }

// endToken returns the token of an end reason.
func endToken(reason EndReason) string { return fmt.Sprint("!", int(reason)) }

// streamReader is the reader of a stream. It collects the tokens that it receives.
type streamReader struct {
	cancel context.CancelFunc
	done   chan error

	mu          sync.Mutex // guards all below
	tokens      []string
	blockWrites chan struct{} // if not nil, writes block until it is closed
	stateReads  int           // how often the state of the viewer was read
	stateErr    error         // the error of reading it
}

func (r *streamReader) ShortenDeadline(time.Duration) {}

func (r *streamReader) Write(p []byte) error {
	r.mu.Lock()
	blocked := r.blockWrites
	r.mu.Unlock()
	if blocked != nil {
		<-blocked
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens = append(r.tokens, strings.FieldsFunc(string(p), func(c rune) bool { return c == '|' })...)
	return nil
}

// received returns the received tokens that begin with one of the characters of kinds.
func (r *streamReader) received(kinds string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.tokens), func(token string) bool {
		return strings.IndexAny(token, kinds) != 0
	})
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

// viewer returns user n, who has the name "p" + n and the session n.
func viewer(n int64) Viewer {
	return Viewer{User: chat.UserSummary{ID: n, Name: fmt.Sprint("p", n)}, Session: n, MaxStreams: 4}
}

// openStream opens a stream of a conversation from a cursor, or from now if after is -1.
func openStream(t *testing.T, h *Hub, db *fakeSource, v Viewer, key chat.StreamKey, after int64) *streamReader {
	t.Helper()
	s, err := h.Subscribe(t.Context(), v, key, textEncoder{})
	if err != nil {
		t.Fatal(err)
	}
	replay := Replay{After: after}
	if key != (chat.StreamKey{}) {
		seqs, _ := db.LastSeqs(t.Context(), []chat.StreamKey{key})
		replay.Changes, err = db.Changes(t.Context(), seqs[key].Room, max(after, 0), chat.ReplayLimit)
		if err != nil {
			t.Fatal(err)
		}
	}
	if db.hijacked {
		return readHijacked(t, s, replay)
	}
	return readStream(t, s, replay)
}

// readHijacked reads a stream on a hijacked connection until it ends.
func readHijacked(t *testing.T, s *Stream, replay Replay) *streamReader {
	server, client := net.Pipe()
	r := &streamReader{done: make(chan error, 1), cancel: func() { client.Close() }}
	s.StartHijacked(t.Context(), server, replay, nil)
	go func() {
		defer client.Close()
		var rest []byte
		for b := make([]byte, 512); ; {
			n, err := client.Read(b)
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

// readStream runs a stream with a streamReader until it ends.
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

// advance lets time pass in the bubble of withHub.
func advance(d time.Duration) { <-time.After(d) }

// disconnect closes the stream on the side of the reader and waits until it has ended.
func (r *streamReader) disconnect() {
	r.cancel()
	<-r.done
}

// applyToPage returns the messages of a page after htmx applied tokens. A new message is inserted or replaces the one
// with its seq; a changed message replaces the one with its seq or is ignored.
func applyToPage(tokens []string) []string {
	bodies := map[string]string{}
	var order []string
	for _, token := range tokens {
		seq, body, _ := strings.Cut(token[1:], "=")
		_, known := bodies[seq]
		if token[0] == '~' && !known {
			continue
		}
		if !known {
			order = append(order, seq)
		}
		bodies[seq] = body
	}
	slices.SortFunc(order, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	out := make([]string, len(order))
	for i, seq := range order {
		out[i] = bodies[seq]
	}
	return out
}
