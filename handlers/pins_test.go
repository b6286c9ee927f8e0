package handlers_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"charla/chat"
)

// pinsInfo is the JSON answer with pinned messages.
type pinsInfo struct {
	Messages []message
	Next     string
}

// pinInfo says who pinned a message and when.
type pinInfo struct {
	By userRef
	At string
}

// pinnedSeqs returns the seqs of the pinned messages of a conversation on all pages, each with at most two.
func (b *client) pinnedSeqs(place string) (seqs []int64) {
	b.t.Helper()
	for next := "/pins?limit=2&" + place; next != ""; {
		page := decode[pinsInfo](b.get(next, asJSON).is(200))
		for _, m := range page.Messages {
			seqs = append(seqs, m.Seq)
		}
		next = page.Next
	}
	return seqs
}

// pin pins a message and returns it.
func (b *client) pin(m message) message {
	b.t.Helper()
	return decode[message](b.post(m.path()+"/pin", nil, asJSON).is(200))
}

// asText returns a message as JSON, for comparison.
func asText(m message) string {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestPins(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
		room := ana.createRoom("Cellar", "invited", berta)
		place := "room=" + formatID(room)
		var sent []message
		for i := range 4 {
			sent = append(sent, ana.sendMessage(place, fmt.Sprint("line ", i)))
		}
		program, page := ana.listen("/events?"+place, asEventStream), berta.listen("/events?"+place)
		program.waitForNamed("ready")
		page.waitForPresence()

		pinned := berta.pin(sent[1])
		equal(t, "the seq of the change", pinned.Changed, sent[3].Seq+1)
		equal(t, "who pinned it", fmt.Sprint(pinned.Pinned.By), fmt.Sprint(userRef{berta.user.ID, "Berta", "berta"}))
		told, _ := waitForJSON[message](program, "pinned")
		equal(t, "the event", asText(told), asText(pinned))
		page.waitForElement(fmt.Sprintf("[hx-target='#m-%d'] .message__pinned", sent[1].Seq), "Pinned")
		equal(t, "pinned again", berta.pin(sent[1]).Changed, pinned.Changed)
		equal(t, "lines", s.count(`SELECT COUNT(*) FROM messages WHERE room_id = $1`, room), 4)
		ana.post(sent[3].path()+"/pin", nil, asHTMX).is(200).isFragment().shows(fmt.Sprintf("#m-%d .message__pinned", sent[3].Seq))
		ana.post(sent[0].path()+"/pin", nil).redirectsTo("/messages?" + place)
		equal(t, "the list", fmt.Sprint(ana.pinnedSeqs(place)), fmt.Sprint([]int64{sent[0].Seq, sent[3].Seq, sent[1].Seq}))

		carla.get("/pins?"+place, asJSON).isError(404, "not_found", "")
		carla.post(sent[1].path()+"/pin", nil, asJSON).isError(404, "not_found", "")
		carla.post(sent[1].path()+"/unpin", nil, asJSON).isError(404, "not_found", "")
		berta.get("/messages?"+place).is(200).shows(".conversation__header a[href='/pins?"+place+"']", "Pinned messages").
			shows(fmt.Sprintf("#m-%d .message__pinned", sent[1].Seq))
		berta.get(sent[1].path()).is(200).shows("form[action='" + sent[1].path() + "/unpin'] button")
		berta.get("/pins?"+place, "Accept-Language: es").is(200).has("line 1", "Fijado por Berta").
			shows("form[action='"+sent[1].path()+"/unpin'] button[aria-label='Quitar de los fijados: line 1']", "Quitar de los fijados").
			shows(fmt.Sprintf("a.search-hit[href='/messages?%s&around=%d#m-%d']", place, sent[1].Seq, sent[1].Seq))

		berta.post(sent[0].path()+"/unpin", nil).redirectsTo("/pins?" + place)
		last := s.lastSeq(room)
		gone := decode[message](ana.post(sent[0].path()+"/unpin", nil, asJSON).is(200))
		equal(t, "the seq after unpinning twice", s.lastSeq(room), last)
		if gone.Pinned != nil {
			t.Errorf("the message is pinned: %+v", gone.Pinned)
		}
		ana.deleteMessage(sent[1]).is(204)
		ana.post(sent[1].path()+"/pin", nil, asJSON).isError(409, "conflict", "")
		equal(t, "after the deletion", fmt.Sprint(ana.pinnedSeqs(place)), fmt.Sprint([]int64{sent[3].Seq}))
		equal(t, "rows", s.count(`SELECT COUNT(*) FROM pins`), 1)
		replay := decode[pinsInfo](ana.get("/pins?"+place, asJSON)).Messages[0]
		behind := ana.listen(fmt.Sprintf("/events?%s&after=%d", place, sent[3].Seq), asEventStream)
		unpinned, _ := waitForJSON[message](behind, "pinned")
		equal(t, "a missed unpinning", unpinned.Seq, sent[0].Seq)
		missed, _ := waitForJSON[message](behind, "pinned")
		for missed.ID != replay.ID { // a message that is no longer pinned comes as this event, too
			missed, _ = waitForJSON[message](behind, "pinned")
		}
		equal(t, "a missed pin", asText(missed), asText(withoutMine(replay)))
	})
}

func TestPinLimit(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana := s.newUser("Ana")
		room := ana.createRoom("Cellar", "invited")
		place := "room=" + formatID(room)
		var sent []message
		for i := range 4 {
			sent = append(sent, ana.sendMessage(place, fmt.Sprint("line ", i)))
		}
		seqs := make([]int64, chat.MaxPins-1)
		for i := range seqs {
			seqs[i] = 100 + int64(i)
		}
		s.insertMessages(room, ana, seqs, func(int) time.Time { return time.Now() }, func(int) bool { return false })
		s.exec(`INSERT INTO pins (message_id, room_id, seq, user_id, pinned_at)
			SELECT id, room_id, seq, author_id, 1 FROM messages WHERE room_id = $1 AND id > $2`, room, sent[3].ID)
		ana.pin(sent[0])
		ana.post(sent[1].path()+"/pin", nil, asJSON).isError(409, "conflict", "")
		ana.pin(sent[0])
		ana.post(sent[0].path()+"/unpin", nil, asJSON).is(200)
		ana.pin(sent[1])
		ana.deleteMessage(sent[1]).is(204)
		ana.pin(sent[2])
		equal(t, "pinned", s.count(`SELECT COUNT(*) FROM pins`), chat.MaxPins)
	})
}

// TestWhoMayPin changes the setting of the community. Owners and moderators of a room may always pin, and both people
// in a direct conversation.
func TestWhoMayPin(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	admin, ana, berta, guest := s.newUser("Admin"), s.newUser("Ana"), s.newUser("Berta"), s.newUser("Guest")
	room := ana.createRoom("Cellar", "invited", berta, guest)
	admin.post(guest.rolePath(), []string{"role", "guest"}, asJSON).is(204)
	m := ana.sendMessage("room="+formatID(room), "a line")
	may := func(b *client, m message, want bool) {
		t.Helper()
		status, form := 403, 0
		if want {
			status, form = 200, 1
		}
		b.withT(t).post(m.path()+"/pin", nil, asJSON).is(status)
		b.post(m.path()+"/unpin", nil, asJSON).is(status)
		equal(t, "forms in the menu", b.get(m.path()).is(200).elements("form[action$='/pin'], form[action$='/unpin']"), form)
	}
	may(ana, m, true)
	may(berta, m, true)
	may(guest, m, false)
	admin.post("/admin", []string{"pins", "admin"}, asJSON).is(200)
	may(ana, m, true)
	may(berta, m, false)
	ana.post(fmt.Sprintf("/rooms/%d/members/%d/role", room, berta.user.ID), []string{"role", "moderator"}, asJSON).is(204)
	may(berta, m, true)
	private := ana.sendMessage(guest.peerQuery(), "between us")
	may(ana, private, true)
	may(guest, private, true)
	admin.get("/roles").is(200).has("Pin messages")
	admin.get("/admin").is(200).shows("[name=pins] [value=admin][selected]")
}
