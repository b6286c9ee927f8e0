package handlers_test

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"charla/live/natstest"
)

var progressPattern = regexp.MustCompile(`<progress[^>]* value="(\d+)" max="(\d+)"`)

func TestUploadProgress(t *testing.T) {
	all := startNodes(t, 2, natstest.New(t).URL())
	ana, berta := all[0].newUser("Ana"), all[0].newUser("Berta")
	mine, others := ana.onNode(all[1]).listen("/events?room=1"), berta.onNode(all[1]).listen("/events?room=1")
	elsewhere := ana.onNode(all[1]).listen("/events?" + berta.peerQuery())
	for _, st := range []*eventStream{mine, others, elsewhere} {
		st.readUntil("the cursor", isBareID)
	}
	in, out := io.Pipe()
	r := ana.onNode(all[0]).request(http.MethodPost, "/files?room=1&name=<b>.txt&upload=u1", in, asJSON)
	r.ContentLength = 2000
	answered := make(chan int, 1)
	go func() {
		response, err := all[0].Client().Transport.RoundTrip(r)
		if err != nil {
			answered <- 0
			return
		}
		response.Body.Close()
		answered <- response.StatusCode
	}()
	io.WriteString(out, strings.Repeat("x", 1000))
	e := mine.waitFor(`hx-target="#up-u1"`, "&lt;b&gt;.txt")
	m := progressPattern.FindStringSubmatch(e.data)
	if m == nil || m[2] != "2000" {
		t.Fatalf("told %s", e.data)
	}
	if got, _ := strconv.Atoi(m[1]); got <= 0 || got > 1000 {
		t.Errorf("told that %d bytes have come", got)
	}
	start := time.Now()
	told := 0
	for range 40 {
		io.WriteString(out, strings.Repeat("x", 25))
		time.Sleep(10 * time.Millisecond)
	}
	out.Close()
	equal(t, "status", <-answered, 201)
	_, before := mine.readUntil("the end", func(e event) bool { return strings.Contains(e.data, "Almost there…") })
	for _, e := range before {
		told += strings.Count(e.data, "<progress")
	}
	if most := int(time.Since(start)/(250*time.Millisecond)) + 1; told > most {
		t.Errorf("told %d times in %v", told, time.Since(start))
	}
	berta.onNode(all[1]).sendMessage("room=1", "afterwards")
	others.readUntil("a line", func(e event) bool { lacks(t, e.data, "#upload-"); return strings.Contains(e.data, "afterwards") })
	ana.onNode(all[1]).sendMessage(berta.peerQuery(), "there")
	elsewhere.readUntil("a line", func(e event) bool { lacks(t, e.data, "#upload-"); return strings.Contains(e.data, "there") })
}

// TestAttachmentsSyncBetweenDevices of a person, on all nodes, also for a page that was away meanwhile. Nobody else is told.
func TestAttachmentsSyncBetweenDevices(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { s := openSQLite(t); testAttachmentSync(t, s, s) })
	t.Run("PostgreSQL", func(t *testing.T) {
		all := startNodes(t, 2, natstest.New(t).URL())
		testAttachmentSync(t, all[0], all[1])
	})
}

func testAttachmentSync(t *testing.T, here, there *testServer) {
	ana, berta := here.newUser("Ana"), here.newUser("Berta")
	other := ana.onNode(there)
	with := "with=" + formatID(berta.user.ID)
	direct := ana.sendMessage(with, "the room begins").Room
	mine, elsewhere, hers := other.listen("/events?"+with), other.listen("/events?room=1"), berta.onNode(there).listen("/events?"+ana.peerQuery())
	program := other.listen("/events?"+with, asEventStream)
	for _, st := range []*eventStream{mine, elsewhere, hers} {
		st.readUntil("the cursor", isBareID)
	}
	program.waitForNamed("ready")
	keep := func(query, name string) fileInfo {
		t.Helper()
		return decode[fileInfo](ana.do(http.MethodPost, "/files?"+query+"&name="+name, strings.NewReader(name), "Content-Type: text/plain", asJSON).is(201))
	}
	f := keep(with, "first.txt")
	chip := "attachment-" + formatID(f.ID)
	mine.waitFor(`hx-target="#attachments:not(:has(#`+chip+`))" hx-swap="beforeend"`, `id="`+chip+`"`, "first.txt")
	ana.post(f.URL, []string{"alt", "what it says"}, asJSON).is(204)
	mine.waitFor(`hx-target="#`+chip+`:not(:has([open]))" hx-swap="outerHTML"`, `data-alt="what it says"`)
	ana.do(http.MethodDelete, f.URL, nil, asJSON).is(204)
	mine.waitFor(`hx-target="#` + chip + `" hx-swap="delete"`)

	keep(with+"&upload=u:1", "named.txt")
	mine.waitFor(`hx-target=".attachment-tray:not(:has(#up-u_1)) &gt; #attachments:not(:has(#attachment-`+formatID(f.ID+1)+`))"`, "named.txt",
		`hx-target=".attachment--canceled #up-u_1"><i hx-post="/files/`+formatID(f.ID+1)+`/delete" hx-trigger="load"`)
	ana.do(http.MethodDelete, "/files/"+formatID(f.ID+1), nil, asJSON).is(204)

	g := keep("room="+formatID(direct), "second.txt") // the room of two people is that box too
	mine.waitFor("second.txt")
	back := other.listen("/events?"+with, "Last-Event-ID: 1").waitFor("hx-swap=\"delete\"")
	contains(t, back.data, `hx-target="#attachments .attachment:not(#attachment-`+formatID(g.ID)+`)"`, "second.txt")
	lacks(t, back.data, "first.txt")
	lacks(t, other.listen("/events?"+with).waitFor("online-count").data, "second.txt") // what the page has just been given

	berta.sendMessage(ana.peerQuery(), "the last")
	for _, st := range []*eventStream{hers, program} {
		_, before := st.readUntil("the last", func(e event) bool { return strings.Contains(e.data, "the last") })
		for _, e := range before {
			lacks(t, e.data, "first.txt", "second.txt")
		}
	}
	ana.sendMessage("room=1", "the last")
	_, before := elsewhere.readUntil("the last", func(e event) bool { return strings.Contains(e.data, "the last") })
	for _, e := range before {
		lacks(t, e.data, "first.txt", "second.txt", chip)
	}
}
