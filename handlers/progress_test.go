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

var shown = regexp.MustCompile(`<progress[^>]* value="(\d+)" max="(\d+)"`)

func TestProgressIsToldToTheUploaderOnAllNodes(t *testing.T) {
	all := nodes(t, 2, natstest.New(t).URL())
	ana, berta := all[0].person("Ana"), all[0].person("Berta")
	mine, others := ana.at(all[1]).listen("/events?room=1"), berta.at(all[1]).listen("/events?room=1")
	elsewhere := ana.at(all[1]).listen("/events?" + berta.with())
	for _, st := range []*stream{mine, others, elsewhere} {
		st.until("the cursor", isCursor)
	}
	in, out := io.Pipe()
	r := ana.at(all[0]).request(http.MethodPost, "/files?room=1&name=<b>.txt&upload=u1", in, asJSON)
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
	e := mine.brings(`hx-target="#up-u1"`, "&lt;b&gt;.txt")
	m := shown.FindStringSubmatch(e.data)
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
	_, before := mine.until("the end", func(e event) bool { return strings.Contains(e.data, "Almost there…") })
	for _, e := range before {
		told += strings.Count(e.data, "<progress")
	}
	if most := int(time.Since(start)/(250*time.Millisecond)) + 1; told > most {
		t.Errorf("told %d times in %v", told, time.Since(start))
	}
	berta.at(all[1]).say("room=1", "afterwards")
	others.until("a line", func(e event) bool { lacks(t, e.data, "#up-"); return strings.Contains(e.data, "afterwards") })
	ana.at(all[1]).say(berta.with(), "there")
	elsewhere.until("a line", func(e event) bool { lacks(t, e.data, "#up-"); return strings.Contains(e.data, "there") })
}

// TestTheBoxIsTheSameOnAllDevices of a person, on all nodes, also for a page that was away meanwhile. Nobody else is told.
func TestTheBoxIsTheSameOnAllDevices(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { s := open(t); boxes(t, s, s) })
	t.Run("PostgreSQL", func(t *testing.T) { all := nodes(t, 2, natstest.New(t).URL()); boxes(t, all[0], all[1]) })
}

func boxes(t *testing.T, here, there *site) {
	ana, berta := here.person("Ana"), here.person("Berta")
	other := ana.at(there)
	with := "with=" + text(berta.user.ID)
	direct := ana.say(with, "the room begins").Room
	mine, elsewhere, hers := other.listen("/events?"+with), other.listen("/events?room=1"), berta.at(there).listen("/events?"+ana.with())
	program := other.listen("/events?"+with, inEvents)
	for _, st := range []*stream{mine, elsewhere, hers} {
		st.until("the cursor", isCursor)
	}
	program.named("ready")
	keep := func(query, name string) fileOf {
		t.Helper()
		return decode[fileOf](ana.do(http.MethodPost, "/files?"+query+"&name="+name, strings.NewReader(name), "Content-Type: text/plain", asJSON).is(201))
	}
	f := keep(with, "first.txt")
	chip := "chip-" + text(f.ID)
	mine.brings(`hx-target="#files:not(:has(#`+chip+`))" hx-swap="beforeend"`, `id="`+chip+`"`, "first.txt")
	ana.post(f.URL, []string{"alt", "what it says"}, asJSON).is(204)
	mine.brings(`hx-target="#`+chip+`:not(:has([open]))" hx-swap="outerHTML"`, `data-alt="what it says"`)
	ana.do(http.MethodDelete, f.URL, nil, asJSON).is(204)
	mine.brings(`hx-target="#` + chip + `" hx-swap="delete"`)

	keep(with+"&upload=u:1", "named.txt")
	mine.brings(`hx-target=".tray:not(:has(#up-u_1)) &gt; #files:not(:has(#chip-`+text(f.ID+1)+`))"`, "named.txt",
		`hx-target=".chip--out #up-u_1"><i hx-post="/files/`+text(f.ID+1)+`/delete" hx-trigger="load"`)
	ana.do(http.MethodDelete, "/files/"+text(f.ID+1), nil, asJSON).is(204)

	g := keep("room="+text(direct), "second.txt") // the room of two people is that box too
	mine.brings("second.txt")
	back := other.listen("/events?"+with, "Last-Event-ID: 1").brings("hx-swap=\"delete\"")
	contains(t, back.data, `hx-target="#files .chip:not(#chip-`+text(g.ID)+`)"`, "second.txt")
	lacks(t, back.data, "first.txt")
	lacks(t, other.listen("/events?"+with).brings("here-count").data, "second.txt") // what the page has just been given

	berta.say(ana.with(), "the last")
	for _, st := range []*stream{hers, program} {
		_, before := st.until("the last", func(e event) bool { return strings.Contains(e.data, "the last") })
		for _, e := range before {
			lacks(t, e.data, "first.txt", "second.txt")
		}
	}
	ana.say("room=1", "the last")
	_, before := elsewhere.until("the last", func(e event) bool { return strings.Contains(e.data, "the last") })
	for _, e := range before {
		lacks(t, e.data, "first.txt", "second.txt", chip)
	}
}
