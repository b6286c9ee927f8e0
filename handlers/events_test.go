package handlers_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// isBareID reports whether an event has an id and nothing else. Such an event ends a replay.
func isBareID(e event) bool { return e.id != "" && !e.hasData && e.name == "" }

func TestStreamWithoutCursorStartsNow(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	last := ana.sendMessage("room=1", "before the stream")
	st := berta.listen("/events?room=1", "Accept-Encoding: gzip")
	equal(t, "Content-Type", st.header.Get("Content-Type"), "text/event-stream")
	equal(t, "Content-Encoding", st.header.Get("Content-Encoding"), "")
	equal(t, "Cache-Control", st.header.Get("Cache-Control"), "no-store")
	first, err := st.next()
	if err != nil || !isBareID(first) || first.id != formatID(last.Seq) {
		t.Fatalf("the stream begins with %+v, %v", first, err)
	}
	st.waitForElement("[hx-target='#online-list']", "Berta")
	for i := range 5 {
		m := ana.sendMessage("room=1", "number "+strconv.Itoa(i))
		e := st.waitFor("number " + strconv.Itoa(i))
		equal(t, "id", e.id, formatID(m.Seq))
		shows(t, e.data, fmt.Sprintf("hx-upsert[hx-target$=':not(:has(#m-%[1]d)) #messages'] > li#m-%[1]d", m.Seq))
		shows(t, e.data, "[hx-target$=' #read-marker']")
		lacks(t, e.data, "before the stream")
	}
	id := fmt.Sprintf("m-%d", last.Seq+1)
	replay := ana.listen("/events?room=1&after=" + formatID(last.Seq)).waitFor("number 0")
	page := parseHTML(t, ana.get("/messages?room=1").body)
	equal(t, "the message in another stream", outer(byID(parseHTML(t, replay.data), id)), outer(byID(page, id)))
}

func TestStreamReplaysFromCursor(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	var seqs []string
	for i := range 6 {
		seqs = append(seqs, formatID(ana.sendMessage(berta.peerQuery(), "line "+strconv.Itoa(i)).Seq))
	}
	replay := func(path string, headers ...string) (ids []string) {
		t.Helper()
		end, before := berta.listen(path, headers...).readUntil("the cursor", isBareID)
		for _, e := range before {
			ids = append(ids, e.id)
		}
		equal(t, "the cursor at the end", end.id, seqs[5])
		return ids
	}
	path := "/events?" + ana.peerQuery()
	equal(t, "from 0", strings.Join(replay(path+"&after=0"), " "), strings.Join(seqs, " "))
	equal(t, "from 3", strings.Join(replay(path+"&after=3"), " "), strings.Join(seqs[3:], " "))
	equal(t, "from the end", len(replay(path+"&after=6")), 0)
	equal(t, "Last-Event-ID wins", strings.Join(replay(path+"&after=0", "Last-Event-ID: 4"), " "),
		strings.Join(seqs[4:], " "))
	equal(t, "Last-Event-ID alone", strings.Join(replay(path, "Last-Event-ID: 5"), " "), seqs[5])
}

func TestEditIsReplayedAsReplacement(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	first, second := ana.sendMessage(berta.peerQuery(), "first"), ana.sendMessage(berta.peerQuery(), "second")
	ana.editMessage(first, "first, edited")
	third := ana.sendMessage(berta.peerQuery(), "third")
	ana.editMessage(third, "third, edited")
	last := strconv.FormatInt(third.Seq+1, 10)

	st := berta.listen("/events?" + ana.peerQuery() + "&after=" + formatID(second.Seq))
	end, before := st.readUntil("the cursor", func(e event) bool { return isBareID(e) && e.id == last })
	equal(t, "the cursor", end.id, last)
	var replayed []string
	for _, e := range before {
		switch {
		case strings.HasPrefix(e.data, `<hx-partial hx-target="#m-1" hx-swap="outerMorph">`):
			replayed = append(replayed, "first replaced"+e.id)
			contains(t, e.data, "first, edited", "(edited)")
		case strings.HasPrefix(e.data, `<hx-upsert `) &&
			strings.Contains(e.data, ` #messages"><li id="m-`+formatID(third.Seq)):
			replayed = append(replayed, "third as "+e.id)
			contains(t, e.data, "third, edited")
		case strings.Contains(e.data, `hx-target="#m-`+formatID(third.Seq)):
			replayed = append(replayed, "third replaced"+e.id)
		default:
			t.Errorf("unexpected: %+v", e)
		}
	}
	const once = "first replaced, third as 4"
	if got := strings.Join(replayed, ", "); got != once && got != once+", third replaced" {
		t.Errorf("the replay has: %s", got)
	}
	fresh := berta.listen("/events?" + ana.peerQuery() + "&after=" + last)
	if _, before := fresh.readUntil("the cursor", isBareID); len(before) > 0 {
		t.Errorf("a stream with the newest cursor replays %+v", before)
	}
}

func TestUnusableCursorGetsResync(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	for range 501 {
		ana.sendMessage(berta.peerQuery(), "far behind")
	}
	path := "/events?" + ana.peerQuery()
	for _, cursor := range []string{"x", "-1", "502", "1e2", "99999999999999999999", "1%3B2", "0"} {
		berta.listen(path + "&after=" + cursor).waitForNamed("resync")
		berta.listen(path+"&after=501", "Last-Event-ID: "+cursor).waitForNamed("resync")
	}
	st := berta.listen(path + "&after=1") // 500 behind is not too far
	e, before := st.readUntil("the cursor", isBareID)
	equal(t, "the cursor", e.id, "501")
	equal(t, "messages", len(before), 500)
	dora := s.newUser("Dora")
	ana.listen("/events?" + dora.peerQuery() + "&after=1").waitForNamed("resync") // that conversation has no messages
	equal(t, "cursor of an empty conversation", ana.listen("/events?"+dora.peerQuery()+"&after=0").waitFor().id, "0")
}

func TestStreamOpenedBeforeFirstMessage(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	streams := []*eventStream{
		ana.listen(
			"/events?" + berta.peerQuery() + "&after=0"), berta.listen("/events?" + ana.peerQuery() + "&after=0"),
	}
	carla := s.newUser("Carla")
	outside := carla.listen("/events?" + ana.peerQuery() + "&after=0")
	for _, st := range append(streams, outside) {
		st.waitForPresence()
	}
	equal(t, "rooms before the first message", s.count(`SELECT COUNT(*) FROM rooms`), 1)
	ana.sendMessage(berta.peerQuery(), "the very first")
	for _, st := range streams {
		equal(t, "id", st.waitFor("the very first").id, "1")
	}
	s.newUser("Dora").sendMessage(ana.peerQuery(), "between Dora and Ana")
	ana.sendMessage(carla.peerQuery(), "to Carla")
	_, before := outside.readUntil("her own message",
		func(e event) bool { return strings.Contains(e.data, "to Carla") })
	for _, e := range before {
		lacks(t, e.data, "the very first", "between Dora")
	}
}

func TestAnonymousStreamEnds(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	for _, path := range []string{"/events", "/events?room=1", "/events?with=99&after=x"} {
		equal(t, path, strings.Join(s.anonymous().listen(path).readToEnd(), " "), "logout bye")
		s.anonymous().get(path, asJSON).isError(401, "unauthenticated", "")
		s.anonymous().do(http.MethodHead, path, nil).is(200)
	}
}

func TestStreamLimitPerBrowser(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	elsewhere := s.newSession(ana.user).listen("/events?room=1")
	var streams []*eventStream
	for range 6 {
		st := ana.listen("/events?room=1")
		st.waitForPresence()
		streams = append(streams, st)
	}
	for _, st := range streams[:2] {
		equal(t, "end of the oldest streams", strings.Join(st.readToEnd(), " "), "bye")
	}
	s.newUser("Berta").sendMessage("room=1", "to the other streams")
	for _, st := range append(streams[2:], elsewhere) {
		st.waitFor("to the other streams")
	}
	ana.do(http.MethodHead, "/events?room=1", nil).is(200)
	equal(t, "streams", s.hub.StreamCount(), 5)
}

// A session may have a hundred streams and a user many sessions, so the number of streams per user has a limit too.
func TestStreamLimitPerUser(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	var program *client
	var streams []*eventStream
	for n := range 300 {
		if n%75 == 0 {
			program = ana.newProgram(t)
		}
		streams = append(streams, program.listen("/events", asJSON))
	}
	program.get("/events", asJSON).isError(429, "too_many", "")
	berta.listen("/events?room=1").waitForPresence()
	streams[0].close()
	eventually(t, "one stream less", func() bool { return s.hub.StreamCountOf(ana.user.ID) < 300 })
	program.listen("/events", asJSON).readUntil("any event", func(event) bool { return true })
}

// A proxy that terminates TLS speaks HTTP/2, in which streams share one connection.
func TestStreamLimitIsHigherOverHTTP2(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withHTTPS)
	ana := s.newUser("Ana")
	var streams []*eventStream
	for range 12 {
		st := ana.listen("/events?room=1")
		st.waitForPresence()
		streams = append(streams, st)
	}
	ana.sendMessage("room=1", "to all of them")
	for _, st := range streams {
		st.waitFor("to all of them")
	}
}

func TestPresence(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.sendMessage(berta.peerQuery(), "hello")
	online := func() bool { return s.hub.Online(berta.user.ID)[berta.user.ID] }
	berta.get("/chat").is(200)
	berta.do(http.MethodHead, "/events", nil).is(200)
	if online() {
		t.Fatal("a page or a HEAD request made its user online")
	}
	watcher := ana.listen("/events?" + berta.peerQuery())
	watcher.waitForElement("[hx-target='#online-count']", "1")
	first, second := berta.listen("/events"), berta.listen("/events")
	e := watcher.waitForElement("[hx-target='#online-count']", "2")
	shows(t, e.data, fmt.Sprintf("[hx-target='#presence-%[1]d,#peer-presence-%[1]d']", berta.user.ID), "Online")
	shows(t, e.data, "[hx-target='#online-list']", "Berta")
	equal(t, "id of a presence event", e.id, "")
	ana.get("/messages?"+berta.peerQuery()).is(200).has("Online").shows("#online-list", "Berta")
	for _, p := range decode[overviewInfo](ana.get("/chat", asJSON)).People {
		equal(t, p.Name+" online", p.Online, true)
	}
	first.close()
	second.close()
	e = watcher.waitForElement("[hx-target='#online-count']", "1") // after the grace period
	contains(t, e.data, "away")
	hides(t, e.data, "[hx-target='#online-list']", "Berta")
}

func TestUnreadInTheStream(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	st := berta.listen("/events")
	shows(t, st.waitForElement("title", "Charla").data, "[hx-target='#conversation-list']")
	m := ana.sendMessage(berta.peerQuery(), "unread")
	e := st.waitForElement("title", "(1) ")
	shows(t, e.data, "[hx-target='#conversation-list']", "1 unread", "Ana")
	berta.post("/read", []string{"with", formatID(ana.user.ID), "seq", formatID(m.Seq)}).is(204)
	e, _ = st.readUntil("the title without a number",
		func(e event) bool { return strings.Contains(e.data, "<title>Charla") })
	lacks(t, e.data, "unread")
}

// TestNoscriptMessagesBegin: a room without messages says where it begins, also without scripts.
func TestNoscriptMessagesBegin(t *testing.T) {
	t.Parallel()
	response, cancel := openSQLite(t).newUser("Ana").openStream("/messages/live?room=1")
	defer response.Body.Close()
	defer cancel()
	reader, page := bufio.NewReader(response.Body), ""
	for !strings.Contains(page, "Say hello!") {
		part, err := reader.ReadString('!')
		if err != nil {
			t.Fatalf("%v in %s", err, page)
		}
		page += part
	}
	shows(t, page, "li.conversation-start", "This is the beginning of General. Say hello!")
}

func TestNoscriptMessages(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.sendMessage(berta.peerQuery(), "before")
	response, cancel := berta.openStream("/messages/live?"+ana.peerQuery(), "Accept-Encoding: gzip")
	defer cancel()
	defer response.Body.Close()
	equal(t, "Content-Encoding", response.Header.Get("Content-Encoding"), "")
	r := bufio.NewReader(response.Body)
	read := func(until string) string {
		t.Helper()
		var b strings.Builder
		for !strings.Contains(b.String(), until) {
			c, err := r.ReadByte()
			if err != nil {
				t.Fatalf("%v before %q in %s", err, until, b.String())
			}
			b.WriteByte(c)
		}
		return b.String()
	}
	page := read("before</div>")
	shows(t, page, "base[target=_top]")
	shows(t, page, "li#m-1")
	for _, body := range []string{"one", "two", "three"} {
		ana.sendMessage(berta.peerQuery(), body)
		lacks(t, read(body+"</div>"), "hx-upsert", "data:", "before")
	}
	berta.post("/logout", nil).is(303)
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(rest), "been signed out.")
	shows(t, string(rest), "a[href='/login']")
}
