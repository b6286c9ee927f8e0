package handlers_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"charla/live/natstest"
)

// isProgress reports whether an event shows how much of an upload has arrived.
func isProgress(e event) bool { return strings.Contains(e.data, "<progress") }

func TestUploadProgress(t *testing.T) {
	const throttle = 250 * time.Millisecond
	all := startNodes(t, 2, natstest.New(t).URL())
	ana, berta := all[0].newUser("Ana"), all[0].newUser("Berta")
	mine, others := ana.onNode(all[1]).listen("/events?room=1"), berta.onNode(all[1]).listen("/events?room=1")
	elsewhere := ana.onNode(all[1]).listen("/events?" + berta.peerQuery())
	for _, st := range []*eventStream{mine, others, elsewhere} {
		st.readUntil("the cursor", isBareID)
	}
	const total = 100_000
	in, out := io.Pipe()
	r := ana.onNode(all[0]).request(http.MethodPost, "/files?room=1&name=<b>.txt&upload=u1", in, asJSON)
	r.ContentLength = total
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
	start, sent := time.Now(), 1000
	io.WriteString(out, strings.Repeat("x", sent))
	first, _ := mine.readUntil("the first progress", isProgress)
	shows(t, first.data, "[hx-target='#upload-u1'] progress[aria-label='<b>.txt']")
	bar := selectAll(t, parseHTML(t, first.data), "progress")[0]
	equal(t, "the total", attr(bar, "max"), strconv.Itoa(total))
	if got, _ := strconv.Atoi(attr(bar, "value")); got <= 0 || got > sent {
		t.Errorf("the first progress shows %d of %d bytes", got, sent)
	}
	for reported := false; !reported && sent < total; sent++ { // byte by byte, until the next progress
		io.WriteString(out, "x")
		select {
		case e := <-mine.events:
			reported = isProgress(e)
		case <-time.After(time.Millisecond):
		}
	}
	if took := time.Since(start); took < throttle || sent == total {
		t.Errorf("the second progress came after %v and %d bytes, want at least %v between two", took, sent, throttle)
	}
	io.WriteString(out, strings.Repeat("x", total-sent))
	out.Close()
	equal(t, "status", <-answered, 201)
	mine.readUntil("the end of the upload", func(e event) bool { return strings.Contains(e.data, "Processing…") })
	berta.onNode(all[1]).sendMessage("room=1", "afterwards")
	ana.onNode(all[1]).sendMessage(berta.peerQuery(), "afterwards")
	for _, st := range []*eventStream{others, elsewhere} {
		_, before := st.readUntil("the message", func(e event) bool { return strings.Contains(e.data, "afterwards") })
		for _, e := range before {
			lacks(t, e.data, "upload-u1")
		}
	}
}

// The attachments of a draft are the same on all devices of a user and on all nodes, also on a page that was offline
// meanwhile. Nobody else gets them.
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
	mine, elsewhere := other.listen("/events?"+with), other.listen("/events?room=1")
	hers := berta.onNode(there).listen("/events?" + ana.peerQuery())
	program := other.listen("/events?"+with, asEventStream)
	for _, st := range []*eventStream{mine, elsewhere, hers} {
		st.readUntil("the cursor", isBareID)
	}
	program.waitForNamed("ready")
	upload := func(query, name string) fileInfo {
		t.Helper()
		a := ana.do(http.MethodPost, "/files?"+query+"&name="+name, strings.NewReader(name), "Content-Type: text/plain",
			asJSON)
		return decode[fileInfo](a.is(201))
	}
	f := upload(with, "first.txt")
	attachment := "attachment-" + formatID(f.ID)
	mine.waitForElement("[hx-target='#attachments:not(:has(#"+attachment+"))'][hx-swap=beforeend] #"+attachment,
		"first.txt")
	ana.post(f.URL, []string{"alt", "what it says"}, asJSON).is(204)
	described := mine.waitForElement("[hx-target='#" + attachment + ":not(:has([open]))'][hx-swap=outerHTML] li")
	shows(t, described.data, "[hx-target='#"+attachment+" .attachment__alt-current']", "what it says")
	ana.do(http.MethodDelete, f.URL, nil, asJSON).is(204)
	mine.waitForElement("[hx-target='#" + attachment + "'][hx-swap=delete]")

	sent := upload(with, "sent.txt")
	mine.waitFor("sent.txt")
	ana.sendWithFiles(with, "with a file", sent)
	mine.waitForElement("[hx-target='#attachment-" + formatID(sent.ID) + "'][hx-swap=delete]")

	g := upload("room="+formatID(direct), "second.txt") // the direct conversation by its room
	mine.waitFor("second.txt")
	back := other.listen("/events?"+with, "Last-Event-ID: 1").waitForElement(
		"[hx-target='#attachments .attachment:not(#attachment-" + formatID(g.ID) + ")'][hx-swap=delete]")
	contains(t, back.data, "second.txt")
	lacks(t, back.data, "first.txt")
	other.listen("/events?" + with).waitFor("second.txt") // a page that was just opened

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
		lacks(t, e.data, "first.txt", "second.txt", attachment)
	}
}
