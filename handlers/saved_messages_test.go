package handlers_test

import (
	"fmt"
	"testing"
)

// savedInfo is the JSON answer with saved messages.
type savedInfo struct {
	Messages []struct {
		ID      int64
		Body    string
		URL     string
		SavedAt string `json:"saved_at"`
	}
	Next string
}

// savedBodies returns the texts of the messages that the client saved on all pages, each with at most two.
func (b *client) savedBodies() (bodies []string) {
	b.t.Helper()
	for next := "/saved?limit=2"; next != ""; {
		page := decodeLoosely[savedInfo](b.get(next, asJSON).is(200))
		for _, m := range page.Messages {
			bodies = append(bodies, m.Body)
		}
		next = page.Next
	}
	return bodies
}

func TestSavedMessages(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
		room := ana.createRoom("Cellar", "open", berta)
		place := "room=" + formatID(room)
		first, second := ana.sendMessage(place, "first"), ana.sendMessage(place, "second")
		direct := ana.sendMessage(berta.peerQuery(), "between us")
		seq := s.lastSeq(room)
		for _, m := range []message{second, direct, first, second} {
			berta.post(m.path()+"/save", nil, asJSON).is(204)
		}
		wantTexts(t, berta.savedBodies(), "first", "between us", "second")
		wantTexts(t, ana.savedBodies())
		equal(t, "the last seq", s.lastSeq(room), seq)
		carla.post(first.path()+"/save", nil, asJSON).isError(404, "not_found", "")
		carla.post(first.path()+"/unsave", nil, asJSON).isError(404, "not_found", "")
		for b, want := range map[*client]bool{ana: false, berta: true} {
			equal(t, "saved, in JSON", *decode[message](b.get(first.path(), asJSON).is(200)).Saved, want)
		}
		lists := [2]string{}
		for i, b := range []*client{ana, berta} {
			lists[i] = parsePage(t, b.get("/messages?"+place).is(200).body).lines()[0]
		}
		equal(t, "what others see of it", lists[1], lists[0])

		berta.get("/saved", "Accept-Language: es").is(200).has("first", "Cellar", "Ana", "Solo tú").
			shows("form[action='"+first.path()+"/unsave'] button[aria-label='Quitar: first']", "Quitar").
			shows(fmt.Sprintf("a.search-hit[href='/messages?%s&around=%d#m-%d']", place, first.Seq, first.Seq))
		berta.get(first.path()).is(200).shows("form[action='" + first.path() + "/unsave'] button")
		ana.get(first.path()).is(200).shows("form[action='" + first.path() + "/save'] button")
		berta.get("/chat").is(200).shows(".sidebar a[href='/saved']")
		ana.post(first.path()+"/save", nil).redirectsTo(fmt.Sprintf("/messages?%s&around=%d#m-%d", place, first.Seq, first.Seq))
		ana.post(first.path()+"/unsave", nil).redirectsTo("/saved")
		ana.post(first.path()+"/save", nil, asHTMX).is(200).isFragment().shows("#message-menu")
		contains(t, unzip(t, []byte(berta.get("/settings/export").is(200).body))["saved.json"],
			fmt.Sprintf(`{"message":%d,"room":%d,"saved_at":"2`, first.ID, room))

		berta.post("/rooms/"+formatID(room)+"/leave", nil, asJSON).is(204)
		wantTexts(t, berta.savedBodies(), "between us")
		wantTexts(t, berta.search("is:saved"), "between us")
		berta.post("/rooms/"+formatID(room)+"/join", nil, asJSON).is(204)
		wantTexts(t, berta.savedBodies(), "first", "between us", "second")
		berta.post(direct.path()+"/unsave", nil, asJSON).is(204)
		berta.post(direct.path()+"/unsave", nil, asJSON).is(204)
		ana.deleteMessage(first).is(204)
		wantTexts(t, berta.savedBodies(), "second")
		berta.post(first.path()+"/save", nil, asJSON).isError(409, "conflict", "")
		equal(t, "rows", s.count(`SELECT COUNT(*) FROM saved_messages`), 1)
	})
}
