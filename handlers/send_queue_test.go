package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"charla/chat"
)

// queuedEntries is what a page has stored in its slot, in the order in which it was stored.
type queuedEntries []struct {
	id    string
	value any
}

// text returns the slot as the browser stores it.
func (q queuedEntries) text(t *testing.T) string {
	t.Helper()
	var parts []string
	for _, e := range q {
		id, err := json.Marshal(e.id)
		if err != nil {
			t.Fatal(err)
		}
		value, err := json.Marshal(e.value)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, fmt.Sprintf("%s:%s", id, value))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// queued is a message or a draft in a slot.
type queued map[string]any

// slotOf returns the storage name of a slot.
func slotOf(user chat.User, number int) string {
	return fmt.Sprintf("charla-%d-slot-%d", user.ID, number)
}

// queueForm returns the form with which the page named PAGE sends slots. Its own slot is number 0.
func queueForm(t *testing.T, user chat.User, slots map[string]string) []string {
	t.Helper()
	stored, err := json.Marshal(slots)
	if err != nil {
		t.Fatal(err)
	}
	return []string{"own", slotOf(user, 0), "page", "PAGE", "stored", string(stored)}
}

// postQueue sends the entries of the own slot, and those of slot 1, which belongs to another page.
func (b *client) postQueue(t *testing.T, own, other queuedEntries, headers ...string) *answer {
	t.Helper()
	slots := map[string]string{slotOf(b.user, 0): own.text(t), slotOf(b.user, 1): other.text(t)}
	return b.post("/messages/queue", queueForm(t, b.user, slots), append(headers, asHTMX)...)
}

// bodies returns the texts of a room's messages.
func (b *client) bodies(room string) string {
	b.t.Helper()
	var page struct{ Messages []struct{ Body string } }
	answer := b.get("/messages?"+room+"&limit=200", asJSON).is(200)
	if err := json.Unmarshal([]byte(answer.body), &page); err != nil {
		b.t.Fatal(err)
	}
	var texts []string
	for _, m := range page.Messages {
		texts = append(texts, m.Body)
	}
	return strings.Join(texts, "|")
}

// answered returns the ids of the entries that an answer of the queue names together with a part of an expression.
func (a *answer) answered(expression string) string {
	a.t.Helper()
	var ids []string
	for n := range parseHTML(a.t, a.body).Descendants() {
		found := map[string]string{}
		for _, attribute := range n.Attr {
			found[attribute.Key] = attribute.Val
		}
		if strings.HasPrefix(found["x-init"], expression) {
			ids = append(ids, found["data-id"])
		}
	}
	return strings.Join(ids, "|")
}

const (
	drops  = "mine[$el.dataset.id] = undefined"
	marks  = "mine['gone-'"
	offers = "mine['other-' + $el.dataset.id] = $el.dataset"
	saves  = "(mine[$el.dataset.id] || {})"
)

// queueAnswers returns answers of the queue of all kinds.
func queueAnswers(t *testing.T, b *client) string {
	t.Helper()
	b.post("/drafts", []string{"room", "1", "body", "unseen", "key", "d1"}, asJSON).is(204)
	own := queuedEntries{
		{"message-PAGE-0", queued{"place": "room-1", "body": "hello :smilee:"}},
		{"message-PAGE-1", queued{"place": "room-99", "body": "nowhere"}},
		{"draft-PAGEroom-1", queued{"place": "room-1", "body": "other", "key": "d2"}},
		{"draft-PAGEwith-2", queued{"place": "with-2", "body": "mine", "key": "d3"}},
	}
	other := queuedEntries{
		{"message-OLD-0", queued{"place": "room-1", "body": "from before"}},
		{"draft-OLD-with-1", queued{"place": "with-1", "body": "left", "key": "d4"}},
	}
	return b.postQueue(t, own, other).is(200).body
}

func TestQueueIsPostedInOrderAndOnce(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	var own, other queuedEntries
	for i := range 5 {
		own = append(own, queuedEntries{{fmt.Sprint("message-PAGE-", i), queued{
			"place": "room-1", "body": fmt.Sprint("own ", i), "key": fmt.Sprint("k", i), "name": "General",
		}}}...)
		other = append(other, queuedEntries{{fmt.Sprint("message-OLD-", 9-i), queued{
			"place": "room-1", "body": fmt.Sprint("other ", i),
		}}}...)
	}
	answer := ana.postQueue(t, own, other).is(200).isFragment().shows("hx-upsert li", "own 0")
	equal(t, "dropped", answer.answered(drops),
		"message-PAGE-0|message-PAGE-1|message-PAGE-2|message-PAGE-3|message-PAGE-4")
	equal(t, "marked", answer.answered(marks), "message-OLD-9|message-OLD-8|message-OLD-7|message-OLD-6|message-OLD-5")
	const all = "own 0|own 1|own 2|own 3|own 4|other 0|other 1|other 2|other 3|other 4"
	equal(t, "messages", berta.bodies("room=1"), all)
	ana.postQueue(t, own, other).is(200)
	equal(t, "messages after a lost answer", berta.bodies("room=1"), all)
	ana.post("/messages", []string{"room", "1", "key", "k1", "body", "own 1"}, asJSON).is(200)
}

// TestQueueRefusesSingleEntries sends entries that are wrong in all ways between two right ones.
func TestQueueRefusesSingleEntries(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	private := berta.createRoom("Private", "invited")
	good := func(id, body string) queuedEntries {
		return queuedEntries{{id, queued{"place": "room-1", "body": body}}}
	}
	own := append(good("message-PAGE-0", "first"), queuedEntries{
		{"message-PAGE-1", queued{"place": "room-1", "body": strings.Repeat("x", 4001), "name": "<General>"}},
		{"message-PAGE-2", queued{"place": "room-1", "body": "nul\x00"}},
		{"message-PAGE-3", queued{"place": fmt.Sprint("room-", private), "body": "not a member"}},
		{"message-PAGE-4", queued{"place": "nowhere", "body": "lost"}},
		{"message-PAGE-5", queued{"place": "room-1", "body": "bad key", "key": "é"}},
		{"message-PAGE-6", "no object"},
		{"message-PAGE-7", queued{"place": "room-1", "body": 7}},
		{"message-PAGE-8", json.RawMessage(`{"place":"room-1","body":"half \ud83c"}`)},
		{"message-PAGE-9", queued{"place": "room-1", "body": " \n"}},
		{"message-" + strings.Repeat("x", 300), queued{"place": "room-1", "body": "long id"}},
		{"constructor", queued{"place": "room-1", "body": "not a message"}},
	}...)
	own = append(own, good("message-PAGE-10", "last")...)
	answer := ana.postQueue(t, own, nil).is(200)
	var want []string
	for i := 1; i <= 8; i++ {
		want = append(want, fmt.Sprint("message-PAGE-", i))
	}
	offered := slices.DeleteFunc(slices.Clone(want), func(id string) bool {
		return id == "message-PAGE-6" || id == "message-PAGE-7" // without a text
	})
	equal(t, "offered to the user, apart from those without a text", answer.answered(offers), strings.Join(offered, "|"))
	answer.shows("i[data-id=message-PAGE-2][data-body=nul]", "").shows("i[data-id=message-PAGE-8][data-body='half �']", "")
	want = append(want, "message-PAGE-0", "message-PAGE-10", "message-PAGE-9")
	slices.Sort(want)
	equal(t, "dropped", answer.answered(drops), strings.Join(want, "|"))
	equal(t, "messages", berta.bodies("room=1"), "first|last")
	ana.postQueue(t, own[1:2], nil).is(200).shows("[hx-target='#send-error'] bdi", "<General>:")

	for _, stored := range []string{"", "[]", "{", `{"a":`, "null"} {
		ana.post("/messages/queue", []string{"own", slotOf(ana.user, 0), "stored", stored}, asHTMX).is(422)
	}
	slots := map[string]string{slotOf(berta.user, 0): good("message-B-0", "of another user").text(t), "x": "{}",
		slotOf(ana.user, 2): "{not json", slotOf(ana.user, 3): good("message-C-0", "after a broken slot").text(t)}
	ana.post("/messages/queue", queueForm(t, ana.user, slots), asHTMX).is(200)
	equal(t, "messages", berta.bodies("room=1"), "first|last|after a broken slot")
	ana.post("/messages/queue", []string{"stored", "{}"}, asJSON).is(406)
	ana.post("/messages/queue", []string{"stored", strings.Repeat("x", 5<<20)}, asHTMX).is(413)
	s.anonymous().post("/messages/queue", []string{"stored", "{}"}, asHTMX).is(401)
}

func TestQueueSkipsWhatIsGone(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	own := queuedEntries{
		{"message-PAGE-0", queued{"place": "room-1", "body": "canceled there"}},
		{"gone-message-OLD-0", "1"},
		{"gone-message-OLD-7", "1"},
		{"message-PAGE-1", queued{"place": "room-1", "body": "canceled here"}},
		{"gone-message-PAGE-1", 1},
	}
	other := queuedEntries{
		{"gone-message-PAGE-0", 1},
		{"message-OLD-0", queued{"place": "room-1", "body": "canceled too"}},
		{"message-OLD-1", queued{"place": "room-1", "body": "sent"}},
	}
	answer := ana.postQueue(t, own, other).is(200)
	equal(t, "dropped", answer.answered(drops), "gone-message-OLD-7|message-PAGE-0|message-PAGE-1")
	equal(t, "marked, one of them with the time in place of the mark", answer.answered(marks), "message-OLD-0|message-OLD-1")
	equal(t, "messages", ana.bodies("room=1"), "sent")
}

// TestQueueForgetsClosedPages empties the slots of closed pages, but not those of pages that may be open, and keeps what
// is not finished.
func TestQueueForgetsClosedPages(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	const longAgo, now = "1000000000", "4000000000"
	message := func(id string) queuedEntries {
		return queuedEntries{{id, queued{"place": "room-1", "body": id}}}
	}
	open := func(slot int, page string, ago time.Duration) {
		at := time.Now().Add(-ago).UnixMicro()
		s.exec(fmt.Sprintf(`INSERT INTO page_slots (session_id, slot, page, used_at)
			SELECT MAX(id), %d, '%s', %d FROM sessions`, slot, page, at))
	}
	own := queuedEntries{
		{"gone-message-OLD-0", longAgo}, {"gone-message-OLD-1", now}, {"gone-message-OLD-2", 1}, {"attachment-7", "message-OLD-9"},
	}
	closed := slices.Concat(message("message-OLD-0"), queuedEntries{
		{"other-message-8", queued{"place": "room-1", "body": "offered"}},
		{"gone-message-NO-1", "1"}, {"gone-message-OLD-1", "1"}, {"attachment-8", "message-NO-1"},
	})
	slots := map[string]string{slotOf(ana.user, 0): own.text(t)}
	for n, name := range []string{"", "asleep", "new", "open", "canceling", "closed"} {
		switch name {
		case "asleep": // seen a minute ago, but it has not removed what was marked long ago
			open(n, name, time.Minute)
			slots[slotOf(ana.user, n)] = closed.text(t)
		case "new":
			open(n, name, time.Second)
			slots[slotOf(ana.user, n)] = message("message-OLD-0").text(t)
		case "open":
			open(n, name, time.Minute)
			slots[slotOf(ana.user, n)] = slices.Concat(message("message-OLD-1"), queuedEntries{{"gone-message-NO-2", "1"}}).text(t)
		case "canceling":
			open(n, name, time.Minute)
			slots[slotOf(ana.user, n)] = message("message-OLD-2").text(t)
		case "closed":
			open(n, name, time.Hour)
			slots[slotOf(ana.user, n)] = message("message-OLD-1").text(t)
		}
	}
	answer := ana.post("/messages/queue", queueForm(t, ana.user, slots), asHTMX).is(200)
	equal(t, "emptied", answer.answered("stored["),
		"attachment-8|gone-message-NO-1|message-OLD-0|message-OLD-1")
	for _, n := range []int{1, 5} {
		answer.shows(fmt.Sprintf("[data-store='%s'] i", slotOf(ana.user, n)))
	}
	equal(t, "dropped", answer.answered(drops), "attachment-7")
	equal(t, "marked with the time in place of the mark", answer.answered(marks), "message-OLD-2")
	equal(t, "messages", ana.bodies("room=1"), "")
	equal(t, "pages that are asleep or closed and have lost their slots",
		s.count(`SELECT COUNT(*) FROM page_slots WHERE page IN ('asleep', 'closed')`), 0)
	equal(t, "pages that have kept their slots",
		s.count(`SELECT COUNT(*) FROM page_slots WHERE page IN ('new', 'open', 'canceling')`), 3)
	ana.get("/events?room=1&after=0", "Charla-Page: 1-asleep").is(200).has("event: logout")
}

// TestQueueWaitsWhileItFails checks that temporary failures leave the entries in the browser.
func TestQueueWaitsWhileItFails(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	var own queuedEntries
	for i := range 250 {
		own = append(own, queuedEntries{{fmt.Sprint("message-PAGE-", i), queued{"place": "room-1", "body": fmt.Sprint(i)}}}...)
	}
	equal(t, "dropped of 250", strings.Count(ana.postQueue(t, own, nil).is(200).answered(drops), "message"), 100)
	s.exec(`ALTER TABLE messages RENAME TO messages_renamed`)
	ana.postQueue(t, own[:150], nil).is(500)
	s.exec(`ALTER TABLE messages_renamed RENAME TO messages`)
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 100)
}

// TestQueueUnderARateLimit sends more messages at once than the limit allows.
func TestQueueUnderARateLimit(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(o *serverOptions) { o.RateScale = 0.0001 })
	ana := s.newUser("Ana")
	var own queuedEntries
	for i := range 100 {
		own = append(own, queuedEntries{{fmt.Sprint("message-PAGE-", i), queued{"place": "room-1", "body": fmt.Sprint(i)}}}...)
	}
	ana.postQueue(t, own, nil).is(200)
	ana.postQueue(t, own, nil).is(200)
	ana.postQueue(t, own, nil).is(429)
	equal(t, "first message", strings.HasPrefix(ana.bodies("room=1"), "0|1|2|3"), true)
}

func TestQueueSavesDrafts(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	toBerta := fmt.Sprint("with-", berta.user.ID)
	draft := func(id, place, base, body string) queuedEntries {
		return queuedEntries{{id, queued{"place": place, "base": base, "body": body, "key": "k" + place}}}
	}
	shown := func(text string) {
		t.Helper()
		ana.get("/messages?" + berta.peerQuery()).is(200).shows(fmt.Sprintf("[data-saved='%s']", text))
	}
	answer := ana.postQueue(t, draft("draft-PAGE"+toBerta, toBerta, "", "hel"), nil).is(200)
	equal(t, "saved", answer.answered(saves), "draft-PAGE"+toBerta)
	shown("hel")
	answer = ana.postQueue(t, nil, draft("draft-OLD-"+toBerta, toBerta, "hel", "hello")).is(200)
	answer.shows("[x-init^='draft === saved'][data-body=hello]")
	answer.shows("[x-init^=\"mine['gone-'\"][data-mark=hello]")
	shown("hello")

	// A draft that its writer does not know is not replaced.
	answer = ana.postQueue(t, draft("draft-PAGE"+toBerta, toBerta, "", "goodbye"), nil).is(200)
	answer.shows("[x-init^=\"mine['other-'\"][data-body=hello]").shows("[x-init^='saved = '][data-body=hello]")
	shown("hello")
	answer = ana.postQueue(t, nil, draft("draft-OLD-"+toBerta, toBerta, "", "goodbye")).is(200)
	answer.shows("[x-init^=\"mine['other-'\"][data-body=goodbye]").shows("[x-init^=\"mine['gone-'\"][data-mark=goodbye]")
	shown("hello")
	long := strings.Repeat("x", 4001)
	equal(t, "offered", ana.postQueue(t, draft("draft-PAGE"+toBerta, toBerta, "hello", long), nil).is(200).body, "")
	ana.postQueue(t, nil, draft("draft-OLD-"+toBerta, toBerta, "hello", long)).is(200).
		shows("[x-init^=\"mine['other-'\"]")

	// A marked text is not saved again, but what was typed after it is.
	marked := queuedEntries{{"gone-draft-OLD-" + toBerta, "old"}}
	ana.postQueue(t, marked, draft("draft-OLD-"+toBerta, toBerta, "hello", "old")).is(200)
	shown("hello")
	ana.postQueue(t, marked, draft("draft-OLD-"+toBerta, toBerta, "hello", "hello again")).is(200)
	shown("hello again")
	own := queuedEntries{{"message-PAGE-0", queued{"place": toBerta, "body": "hello again", "key": "k" + toBerta}}}
	ana.postQueue(t, append(draft("draft-PAGE"+toBerta, toBerta, "", "next"), own...), nil).is(200)
	shown("next")
}

// TestQueueOfTwoPagesWithOneKey sends two texts that were written from one draft, and so have one key. Both are stored,
// however often they are sent.
func TestQueueOfTwoPagesWithOneKey(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	own := queuedEntries{{"message-PAGE-0", queued{"place": "room-1", "body": "half", "key": "k"}}}
	other := queuedEntries{{"message-OLD-0", queued{"place": "room-1", "body": "half of it", "key": "k"}}}
	for range 3 {
		ana.postQueue(t, own, other).is(200)
		ana.postQueue(t, other, own).is(200)
	}
	equal(t, "messages", ana.bodies("room=1"), "half|half of it")
}

// TestPageSlots checks which answers take a slot, and that a page that has lost its slot is loaded again.
func TestPageSlots(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	given := func() int64 { return s.count(`SELECT COUNT(*) FROM page_slots`) }
	start := given()
	ana.get("/chat", asJSON).is(200)
	ana.get("/chat", asHTMX).is(200)
	ana.do("HEAD", "/chat", nil).is(200)
	ana.get("/me.css").is(200)
	s.anonymous().get("/login").is(200)
	equal(t, "slots after answers that are no pages", given(), start)
	first := ana.get("/messages?room=1").is(200).pageHeader()
	ana.get("/settings").is(200)
	ana.get("/nothing").is(404)
	equal(t, "slots after three pages", given(), start+3)

	ana.postQueue(t, nil, nil, first).is(200)
	stream := ana.listen("/events?room=1&after=0", first)
	stream.readUntil("the cursor", isBareID)
	s.exec(`UPDATE page_slots SET page = 'another'`)
	equal(t, "refresh", ana.postQueue(t, nil, nil, first).is(200).header.Get("HX-Refresh"), "true")
	ana.get("/events?room=1&after=0", first).is(200).has("event: logout")
	current := "HX-Current-URL: " + s.URL + "/messages?room=1"
	equal(t, "redirect", ana.get("/login?ended=1", asHTMX, current).header.Get("HX-Redirect"), "/messages?room=1")
	equal(t, "redirect", ana.get("/login?ended=1", asHTMX, "HX-Current-URL: "+url.QueryEscape("//evil")).is(200).
		header.Get("HX-Redirect"), "/chat")
}

// pageHeader returns the header with which a page names its slot.
func (a *answer) pageHeader() string {
	a.t.Helper()
	for n := range parseHTML(a.t, a.body).Descendants() {
		for _, attribute := range n.Attr {
			var headers map[string]string
			if attribute.Key == "hx-headers:inherited" && json.Unmarshal([]byte(attribute.Val), &headers) == nil {
				return "Charla-Page: " + headers["Charla-Page"]
			}
		}
	}
	a.t.Fatal("the page has no slot")
	return ""
}

// TestPageHearsThatItsDraftIsGone sends a draft while another page of its author shows it.
func TestPageHearsThatItsDraftIsGone(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	ana.post("/drafts", []string{"room", "1", "body", "half", "key", "k"}, asJSON).is(204)
	stream := ana.listen("/events?room=1&after=0")
	stream.readUntil("the cursor", isBareID)
	stream.waitFor("conversation-list")
	ana.sendMessage("room=1", "another message")
	ana.post("/messages", []string{"room", "1", "body", "half", "key", "k"}, asJSON).is(201)
	const gone = `[hx-target='[data-place=room-1] :has(#message-key[value="k"]) #draft-response'] i[data-body='']`
	stream.waitForElement(gone, "")
	last := s.lastSeq(1)
	missedIt := ana.listen("/events?room=1", "Last-Event-ID: "+formatID(last-1))
	missedIt.waitForElement(gone, "")
	missedNothing := ana.listen("/events?room=1", "Last-Event-ID: "+formatID(last))
	missedNothing.readUntil("the state", isBareID)
	equal(t, "a draft is gone", strings.Contains(missedNothing.waitFor("conversation-list").data, "draft-response"), false)
}
