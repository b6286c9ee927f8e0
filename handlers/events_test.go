package handlers_test

import (
	"bufio"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// isCursor tells a bare id from everything else.
func isCursor(e event) bool { return e.id != "" && !e.hasData && e.name == "" }

func TestAStreamFromNow(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	last := ana.say("room=1", "before the stream")
	st := berta.listen("/events?room=1", "Accept-Encoding: gzip")
	equal(t, "Content-Type", st.header.Get("Content-Type"), "text/event-stream")
	equal(t, "Content-Encoding", st.header.Get("Content-Encoding"), "")
	equal(t, "Cache-Control", st.header.Get("Cache-Control"), "no-store")
	first, err := st.next()
	if err != nil || !isCursor(first) || first.id != text(last.Seq) {
		t.Fatalf("the stream begins with %+v, %v", first, err)
	}
	st.brings(`hx-target="#here"`, ">Berta<")
	for i := range 5 {
		m := ana.say("room=1", "number "+strconv.Itoa(i))
		e := st.brings("number " + strconv.Itoa(i))
		equal(t, "id", e.id, text(m.Seq))
		contains(t, e.data, `<hx-upsert hx-target="#messages:not(:has(#m-`+text(m.Seq)+`))"><li id="m-`+text(m.Seq)+`"`, `hx-target="#seen"`)
		lacks(t, e.data, "before the stream")
	}
	line := regexp.MustCompile(`(?s)<li id="m-` + text(last.Seq+1) + `".*?</li>`)
	replay := ana.listen("/events?room=1&after=" + text(last.Seq)).brings("number 0")
	equal(t, "the line in another's stream", line.FindString(replay.data), line.FindString(ana.get("/messages?room=1").body))
}

func TestAStreamFromACursor(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	var seqs []string
	for i := range 6 {
		seqs = append(seqs, text(ana.say(berta.with(), "line "+strconv.Itoa(i)).Seq))
	}
	replay := func(path string, headers ...string) (ids []string) {
		t.Helper()
		end, before := berta.listen(path, headers...).until("the cursor", isCursor)
		for _, e := range before {
			ids = append(ids, e.id)
		}
		equal(t, "the cursor at the end", end.id, seqs[5])
		return ids
	}
	path := "/events?" + ana.with()
	equal(t, "from 0", strings.Join(replay(path+"&after=0"), " "), strings.Join(seqs, " "))
	equal(t, "from 3", strings.Join(replay(path+"&after=3"), " "), strings.Join(seqs[3:], " "))
	equal(t, "from the end", len(replay(path+"&after=6")), 0)
	equal(t, "Last-Event-ID wins", strings.Join(replay(path+"&after=0", "Last-Event-ID: 4"), " "), strings.Join(seqs[4:], " "))
	equal(t, "Last-Event-ID alone", strings.Join(replay(path, "Last-Event-ID: 5"), " "), seqs[5])
}

func TestAnEditIsReplayedAsAReplacement(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	first, second := ana.say(berta.with(), "first"), ana.say(berta.with(), "second")
	ana.edit(first, "first, edited")
	third := ana.say(berta.with(), "third")
	ana.edit(third, "third, edited")
	last := strconv.FormatInt(third.Seq+1, 10)

	st := berta.listen("/events?" + ana.with() + "&after=" + text(second.Seq))
	end, before := st.until("the cursor", func(e event) bool { return isCursor(e) && e.id == last })
	equal(t, "the cursor", end.id, last)
	var told []string
	for _, e := range before {
		switch {
		case strings.HasPrefix(e.data, `<hx-partial hx-target="#m-1" hx-swap="outerMorph">`):
			told = append(told, "first replaced"+e.id)
			contains(t, e.data, "first, edited", "(edited)")
		case strings.HasPrefix(e.data, `<hx-upsert hx-target="#messages"><li id="m-`+text(third.Seq)):
			told = append(told, "third as "+e.id)
			contains(t, e.data, "third, edited")
		case strings.Contains(e.data, `hx-target="#m-`+text(third.Seq)):
			told = append(told, "third replaced"+e.id)
		default:
			t.Errorf("unexpected: %+v", e)
		}
	}
	if got := strings.Join(told, ", "); got != "first replaced, third as 4" && got != "first replaced, third as 4, third replaced" {
		t.Errorf("the replay tells: %s", got)
	}
	fresh := berta.listen("/events?" + ana.with() + "&after=" + last)
	if _, before := fresh.until("the cursor", isCursor); len(before) > 0 {
		t.Errorf("who has everything is told %+v", before)
	}
}

func TestACursorOfNoUse(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	for range 501 {
		ana.say(berta.with(), "far behind")
	}
	path := "/events?" + ana.with()
	for _, cursor := range []string{"x", "-1", "502", "1e2", "99999999999999999999", "1%3B2", "0"} {
		berta.listen(path + "&after=" + cursor).named("resync")
		berta.listen(path+"&after=501", "Last-Event-ID: "+cursor).named("resync")
	}
	st := berta.listen(path + "&after=1") // 500 behind is not too far
	e, before := st.until("the cursor", isCursor)
	equal(t, "the cursor", e.id, "501")
	equal(t, "messages", len(before), 500)
	dora := s.person("Dora")
	ana.listen("/events?" + dora.with() + "&after=1").named("resync") // nothing has begun there
	equal(t, "a conversation to begin", ana.listen("/events?"+dora.with()+"&after=0").brings().id, "0")
}

func TestAConversationBeginsBeforeTheStreams(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	streams := []*stream{ana.listen("/events?" + berta.with() + "&after=0"), berta.listen("/events?" + ana.with() + "&after=0")}
	carla := s.person("Carla")
	outside := carla.listen("/events?" + ana.with() + "&after=0")
	for _, st := range append(streams, outside) {
		st.brings("here-count")
	}
	equal(t, "rooms: listening writes nothing", s.count(`SELECT COUNT(*) FROM rooms`), 1)
	ana.say(berta.with(), "the very first")
	for _, st := range streams {
		equal(t, "id", st.brings("the very first").id, "1")
	}
	s.person("Dora").say(ana.with(), "between Dora and Ana")
	ana.say(carla.with(), "to Carla")
	_, before := outside.until("her own message", func(e event) bool { return strings.Contains(e.data, "to Carla") })
	for _, e := range before {
		lacks(t, e.data, "the very first", "between Dora")
	}
}

func TestAGuestsStreamEnds(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, path := range []string{"/events", "/events?room=1", "/events?with=99&after=x"} {
		equal(t, path, strings.Join(s.guest().listen(path).ends(), " "), "logout bye")
		s.guest().get(path, asJSON).failed(401, "unauthenticated", "")
		s.guest().do(http.MethodHead, path, nil).is(200)
	}
}

func TestAsManyStreamsAsABrowserCanSpare(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana := s.person("Ana")
	elsewhere := s.signIn(ana.user).listen("/events?room=1")
	var streams []*stream
	for range 6 {
		st := ana.listen("/events?room=1")
		st.brings("here-count")
		streams = append(streams, st)
	}
	for _, st := range streams[:2] {
		equal(t, "how the oldest end", strings.Join(st.ends(), " "), "bye")
	}
	s.person("Berta").say("room=1", "to those who are left")
	for _, st := range append(streams[2:], elsewhere) {
		st.brings("to those who are left")
	}
	ana.do(http.MethodHead, "/events?room=1", nil).is(200)
	equal(t, "streams", s.hub.Streams(), 5)
}

// Each session may hold a hundred, and one can have many sessions.
func TestOnePersonHasNotEndlesslyManyStreams(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	var program *browser
	var streams []*stream
	for n := range 300 {
		if n%75 == 0 {
			program = ana.program(t)
		}
		streams = append(streams, program.listen("/events", asJSON))
	}
	program.get("/events", asJSON).failed(429, "too_many", "")
	berta.listen("/events?room=1").brings("here-count")
	streams[0].close()
	eventually(t, "room for another", func() bool { return s.hub.StreamsOf(ana.user.ID) < 300 })
	program.listen("/events", asJSON).until("a word", func(event) bool { return true })
}

// Behind a proxy that ends TLS, and so speaks HTTP/2, a browser counts no connections.
func TestManyStreamsWhereTheyShareAConnection(t *testing.T) {
	t.Parallel()
	s := open(t, https)
	ana := s.person("Ana")
	var streams []*stream
	for range 12 {
		st := ana.listen("/events?room=1")
		st.brings("here-count")
		streams = append(streams, st)
	}
	ana.say("room=1", "to all of them")
	for _, st := range streams {
		st.brings("to all of them")
	}
}

func TestPresence(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	ana.say(berta.with(), "hello")
	online := func() bool { return s.hub.Online(berta.user.ID)[berta.user.ID] }
	berta.get("/chat").is(200)
	berta.do(http.MethodHead, "/events", nil).is(200)
	if online() {
		t.Fatal("a page or a HEAD makes nobody here")
	}
	watcher := ana.listen("/events?" + berta.with())
	watcher.brings(`hx-target="#here-count">1<`)
	first, second := berta.listen("/events"), berta.listen("/events")
	e := watcher.brings(`hx-target="#here-count">2<`)
	contains(t, e.data, ">Berta<", "#dot-"+text(berta.user.ID)+",#state-"+text(berta.user.ID), "here now")
	equal(t, "a cursor in a word about presence", e.id, "")
	ana.get("/messages?"+berta.with()).is(200).has("here now", ">Berta<")
	for _, p := range decode[overview](ana.get("/chat", asJSON)).People {
		equal(t, p.Name+" online", p.Online, true)
	}
	first.close()
	second.close()
	e = watcher.brings(`hx-target="#here-count">1<`) // after the grace
	contains(t, e.data, "away")
	lacks(t, e.data, ">Berta<")
}

func TestUnreadInTheStream(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	st := berta.listen("/events")
	st.brings("<title>Charla</title>", `hx-target="#mine"`)
	m := ana.say(berta.with(), "unread")
	contains(t, st.brings("<title>(1) ").data, "1 unread", ">Ana<")
	berta.post("/read", []string{"with", text(ana.user.ID), "seq", text(m.Seq)}).is(204)
	lacks(t, st.brings("<title>Charla</title>").data, "unread")
}

func TestTheListWithoutScripts(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	ana.say(berta.with(), "before")
	response, cancel := berta.endless("/messages/live?"+ana.with(), "Accept-Encoding: gzip")
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
	contains(t, read("before</div>"), "<!DOCTYPE html>", `<base target="_top">`, `<li id="m-1"`)
	for _, body := range []string{"one", "two", "three"} {
		ana.say(berta.with(), body)
		lacks(t, read(body+"</div>"), "hx-upsert", "data:", "before")
	}
	berta.post("/logout", nil).is(303)
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(rest), "You are logged out.", `href="/login"`)
}
