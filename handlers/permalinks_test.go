package handlers_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// insertMessages stores messages of an author in a room directly, one at each time. They have the given seqs, so that
// there are gaps, as after other changes.
func (s *testServer) insertMessages(
	room int64, by *client, seqs []int64, at func(i int) time.Time, startsDay func(i int) bool,
) {
	s.t.Helper()
	for i, seq := range seqs {
		s.exec(`INSERT INTO messages (room_id, seq, changed_seq, author_id, key, body, html, posted_at, starts_group,
				starts_day, content_digest, deleted_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $11)`, room, seq, seq, by.user.ID, fmt.Sprint("k", seq),
			fmt.Sprint("line ", seq), fmt.Sprint("line ", seq), at(i).UnixMicro(), true, startsDay(i), int64(0))
	}
	s.exec(`UPDATE rooms SET last_seq = $2 WHERE id = $1 AND last_seq < $2`, room, seqs[len(seqs)-1])
}

// threeHundred returns 300 seqs with gaps, beginning above 100.
func threeHundred() (seqs []int64) {
	for i := range int64(300) {
		seqs = append(seqs, 101+i+i/7)
	}
	return seqs
}

func seqsOf(messages []message) (seqs []int64) {
	for _, m := range messages {
		seqs = append(seqs, m.Seq)
	}
	return seqs
}

// TestAllMessagesAreReachedBothWays begins at many places of a room whose messages share their times in groups, and follows the links
// in both directions. Together the pages list every message once.
func TestAllMessagesAreReachedBothWays(t *testing.T) {
	skipWalkIfShort(t)
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, ben := s.newUser("Ana"), s.newUser("Ben")
		seqs := threeHundred()
		start := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
		at := func(i int) time.Time { return start.Add(time.Duration(i/13) * time.Hour) }
		s.insertMessages(1, ben, seqs, at, func(i int) bool { return i == 0 || at(i).Day() != at(i-1).Day() })
		places := []string{"around=unread", "after=100", "after=0", "on=2026-11-20", "on=2026-11-21", "on=2030-01-01",
			"around=1", "around=99999"}
		for i := 0; i < len(seqs); i += 43 {
			places = append(places, "around="+formatID(seqs[i]), "around="+formatID(seqs[i]+1))
		}
		for _, place := range places {
			for _, limit := range []string{"", "&limit=1", "&limit=200"} {
				if limit == "&limit=1" && place != "around="+formatID(seqs[43]) {
					continue
				}
				first := decode[historyInfo](ana.get("/messages?room=1&"+place+limit, asJSON).is(200))
				listed := seqsOf(first.Messages)
				for next := first.Next; next != ""; {
					page := decode[historyInfo](ana.get(next, asJSON).is(200))
					listed, next = append(listed, seqsOf(page.Messages)...), page.Next
				}
				for previous := first.Previous; previous != ""; {
					page := decode[historyInfo](ana.get(previous, asJSON).is(200))
					listed, previous = append(seqsOf(page.Messages), listed...), page.Previous
				}
				if !slices.Equal(listed, seqs) {
					t.Fatalf("the pages from %s%s list %v", place, limit, listed)
				}
			}
		}
		around := decode[historyInfo](ana.get("/messages?room=1&around="+formatID(seqs[150]), asJSON).is(200))
		equal(t, "messages around one", fmt.Sprint(seqsOf(around.Messages)), fmt.Sprint(seqs[125:175]))

		// The same without JavaScript.
		listed := walkPages(t, ana, "/messages?room=1&around="+formatID(seqs[70])+"#m-1")
		if !slices.Equal(listed, seqs) {
			t.Fatalf("the pages show %v", listed)
		}
	})
}

// shownSeqs returns the seqs of the messages that a page shows outside of the frame.
func shownSeqs(t *testing.T, page *html.Node) (seqs []int64) {
	for _, line := range selectAll(t, page, "li[id^=m-]") {
		seqs = append(seqs, int64(trailingNumber(attr(line, "id"))))
	}
	return seqs
}

// linkOf returns the address of the only link that matches a selector, or nothing.
func linkOf(t *testing.T, page *html.Node, selector string) string {
	t.Helper()
	links := selectAll(t, page, selector)
	if len(links) == 0 {
		return ""
	}
	return attr(links[0], "href")
}

// walkPages follows the links to newer and to older messages from a page on and returns the seqs of all messages.
func walkPages(t *testing.T, b *client, path string) []int64 {
	t.Helper()
	path, _, _ = strings.Cut(path, "#")
	first := parseHTML(t, b.get(path).is(200).body)
	listed := shownSeqs(t, first)
	for next := linkOf(t, first, ".newer-link a"); next != ""; {
		page := parseHTML(t, b.get(next).is(200).body)
		listed, next = append(listed, shownSeqs(t, page)...), linkOf(t, page, ".newer-link a")
	}
	for previous := linkOf(t, first, ".older-link a"); previous != ""; {
		page := parseHTML(t, b.get(previous).is(200).body)
		listed, previous = append(shownSeqs(t, page), listed...), linkOf(t, page, ".older-link a")
	}
	return listed
}

// TestFirstUnread holds that with 300 unread messages a bar leads to the first, and that the line New messages stands
// before it on whatever page shows it, also after the page has marked the messages as read.
func TestFirstUnread(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, ben := s.newUser("Ana"), s.newUser("Ben")
	seqs := threeHundred()
	at := time.Date(2026, 11, 20, 9, 5, 0, 0, time.UTC)
	s.insertMessages(1, ben, seqs, func(int) time.Time { return at }, func(i int) bool { return i == 0 })
	s.exec(`UPDATE members SET read_seq = $1 WHERE user_id = $2`, seqs[9], ana.user.ID)
	s.exec(`UPDATE messages SET deleted_at = 1, body = '' WHERE seq = $1`, seqs[10])
	first := seqs[11]
	unread := decode[historyInfo](ana.get("/messages?room=1&around=unread&limit=2", asJSON).is(200))
	equal(t, "around the first unread message", fmt.Sprint(seqsOf(unread.Messages)), fmt.Sprint(seqs[10:12]))

	newest := parseHTML(t, ana.get("/messages?room=1").is(200).body)
	equal(t, "dividers on the newest page", len(selectAll(t, newest, ".unread-divider")), 0)
	bar := selectAll(t, newest, ".unread-bar")
	equal(t, "bars", len(bar), 1)
	contains(t, textOf(bar[0]), "289 new since", "9:05 AM")
	equal(t, "read", s.count(`SELECT read_seq FROM members WHERE user_id = $1`, ana.user.ID), seqs[299])

	check := func(page *html.Node) (found bool) {
		for _, divider := range selectAll(t, page, ".unread-divider") {
			message := divider.NextSibling
			for attr(message, "id") == "" {
				message = message.NextSibling
			}
			equal(t, "the message after the line", attr(message, "id"), fmt.Sprint("m-", first))
			found = true
		}
		return found
	}
	place := attr(bar[0], "href")
	contains(t, place, fmt.Sprintf("around=%d", first), fmt.Sprintf("#m-%d", first))
	page := parseHTML(t, ana.get(strings.Split(place, "#")[0]).is(200).body)
	equal(t, "the line is on the page of the bar", check(page), true)
	equal(t, "marked messages", len(selectAll(t, page, fmt.Sprintf(".marked-message + #m-%d", first))), 1)
	lines := 0
	for older := linkOf(t, newest, ".older-link a"); older != ""; {
		page := parseHTML(t, ana.get(older, asHTMX).is(200).body)
		if older = linkOf(t, page, ".older-link a"); check(page) {
			lines++
		}
	}
	equal(t, "lines on the older pages", lines, 1)
	ana.get("/messages?room=1").is(200).lacks("unread-bar", "unread-divider")
}

// TestDaysOfOtherLengths asks for days of 23 and 25 hours, and for days without messages.
func TestDaysOfOtherLengths(t *testing.T) {
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	t.Parallel()
	s := openSQLite(t, func(o *serverOptions) { o.Options.TimeZone, o.Config.TimeZone = madrid, madrid })
	ana, ben := s.newUser("Ana"), s.newUser("Ben")
	var times []time.Time
	for _, day := range []time.Time{
		time.Date(2026, 3, 28, 22, 30, 0, 0, time.UTC), time.Date(2026, 10, 24, 21, 30, 0, 0, time.UTC),
	} {
		for half := range 56 {
			times = append(times, day.Add(time.Duration(half)*30*time.Minute))
		}
	}
	var seqs []int64
	for i := range times {
		seqs = append(seqs, int64(101+i))
	}
	day := func(i int) string { return times[i].In(madrid).Format(time.DateOnly) }
	s.insertMessages(1, ben, seqs, func(i int) time.Time { return times[i] },
		func(i int) bool { return i == 0 || day(i) != day(i-1) })
	for date, hours := range map[string]int{"2026-03-29": 23, "2026-10-25": 25} {
		page := decode[historyInfo](ana.get("/messages?room=1&limit=200&on="+date, asJSON).is(200))
		var onDay []message
		for _, m := range page.Messages {
			if day(int(m.Seq-101)) == date {
				onDay = append(onDay, m)
			}
		}
		equal(t, date+" begins", page.Messages[0].Seq, onDay[0].Seq)
		equal(t, "messages on "+date, len(onDay), 2*hours)
		equal(t, "the day", page.On, date)
	}
	later := decode[historyInfo](ana.get("/messages?room=1&on=2026-05-01", asJSON).is(200))
	equal(t, "the next day with messages", later.On, "2026-10-24")
	ana.get("/messages?room=1&on=2026-05-01").is(200).has("No messages on Friday, May 1", "next ones")
	ana.get("/messages?room=1&on=2027-05-01").is(200).has("No messages since Saturday, May 1, 2027")
	equal(t, "no later day", decode[historyInfo](ana.get("/messages?room=1&on=2027-05-01", asJSON).is(200)).On, "")
	for _, wrong := range []string{"x", "", "2026-02-30", "2026-2-3"} {
		ana.get("/messages?room=1&on="+wrong, asJSON).isError(422, "invalid", "on")
	}
	ana.get("/messages?room=1&around=x", asJSON).isError(422, "invalid", "around")
}

// TestPlacesOfStrangers holds that nobody finds a place in a room of others.
func TestPlacesOfStrangers(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, ben, carla := s.newUser("Ana"), s.newUser("Ben"), s.newUser("Carla")
	m := ana.sendMessage(ben.peerQuery(), "secret")
	for _, place := range []string{"around=1", "around=unread", "on=2026-01-01", "after=0", "before=9"} {
		path := "/messages?room=" + formatID(m.Room) + "&" + place
		ben.get(path).is(200)
		carla.get(path).is(404).lacks("secret")
		carla.get(path, asJSON).isError(404, "not_found", "")
		carla.do(http.MethodHead, path, nil).is(404)
	}
	page := parseHTML(t, ben.get("/messages?"+ana.peerQuery()).is(200).body)
	permalink := linkOf(t, page, ".message__time")
	equal(t, "the link of the time", permalink, fmt.Sprintf("/messages?room=%d&around=%d#m-%d", m.Room, m.Seq, m.Seq))
	ana.deleteMessage(m).is(204)
	page = parseHTML(t, ben.get(strings.Split(permalink, "#")[0]).is(200).body)
	equal(t, "tombstones", len(selectAll(t, page, ".marked-message + .message .message__body--deleted")), 1)
	ben.get(m.path()).is(200).has("around=1#m-1")
}

// TestWindowReachesTheNewestMessage follows a page around an old message until its end while others post and edit. A
// model of the browser swaps in what htmx would. New messages are not added before the page shows everything up to
// them, and in the end every message is there once.
func TestWindowReachesTheNewestMessage(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, ben := s.newUser("Ana"), s.newUser("Ben")
	seqs := threeHundred()[:120]
	at := func(int) time.Time { return time.Unix(1e9, 0) }
	s.insertMessages(1, ben, seqs, at, func(i int) bool { return i == 0 })
	page := parsePage(t, ana.get("/messages?room=1&around="+formatID(seqs[30])).is(200).body)
	stream := ana.listen(page.streamURL())
	deliver := func(text string) {
		t.Helper()
		e, before := stream.readUntil(text, func(e event) bool { return strings.Contains(e.data, text) })
		for _, e := range append(before, e) {
			page.handleEvent(e)
		}
	}
	newer := func() bool { return page.swapLink(ana, ".newer-link", "#window-messages > li") }
	posted := []int64{ben.sendMessage("room=1", "early news").Seq}
	deliver("early news")
	equal(t, "messages below a window", len(selectAll(t, page.doc, "#messages > li")), 0)
	equal(t, "the page has newer messages", newer(), true)
	// While the last page is under way, a message is delivered: it must not be lost.
	link := selectAll(t, page.doc, ".newer-link")[0]
	answer := ana.get(attr(selectAll(t, page.doc, ".newer-link a")[0], "href"), asHTMX).is(200).body
	posted = append(posted, ben.sendMessage("room=1", "late news").Seq)
	deliver("late news")
	swapSelected(t, link, answer, "#window-messages > li")
	equal(t, "the page has newer messages", newer(), false)
	for fetched := true; fetched; {
		fetched = page.fetchMissed(ana)
	}
	posted = append(posted, ben.sendMessage("room=1", "live news").Seq)
	deliver("live news")
	var want []int64
	for older := page.swapLink(ana, ".older-link", "#older-messages > li"); older; {
		older = page.swapLink(ana, ".older-link", "#older-messages > li")
	}
	want = append(append(want, seqs...), posted...)
	if got := shownSeqs(t, page.doc); !slices.Equal(got, want) {
		t.Fatalf("the page shows %v instead of %v", got, want)
	}
}

// swapLink does what htmx does when a link in a list item loads messages in place of that item.
func (p *htmxPage) swapLink(b *client, selector, selected string) bool {
	p.t.Helper()
	items := selectAll(p.t, p.doc, selector)
	if len(items) == 0 {
		return false
	}
	address := attr(selectAll(p.t, items[0], "a")[0], "hx-get")
	swapSelected(p.t, items[0], b.get(address, asHTMX).is(200).body, selected)
	return true
}

// swapSelected puts the elements of a page that match a selector in place of an element.
func swapSelected(t testing.TB, target *html.Node, page, selected string) {
	t.Helper()
	for _, n := range selectAll(t, parsePage(t, page).doc, selected) {
		n.Parent.RemoveChild(n)
		target.Parent.InsertBefore(n, target)
	}
	target.Parent.RemoveChild(target)
}

// fetchMissed asks for the changes that a loaded page missed and reports whether there were any.
func (p *htmxPage) fetchMissed(b *client) (changed bool) {
	p.t.Helper()
	for _, n := range selectAll(p.t, p.doc, "li[hidden][hx-get]") {
		answer := b.get(attr(n, "hx-get"), asHTMX)
		if answer.status == http.StatusNoContent {
			n.Parent.RemoveChild(n)
			continue
		}
		swapSelected(p.t, n, answer.is(200).body, "body > li")
		p.applyAnswer(answer.body)
		changed = true
	}
	return changed
}
