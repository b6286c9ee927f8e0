package handlers_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
)

// What htmx fetches may be for a hidden tab, so only what is really on screen is marked, by POST /read.
func TestWhatHTMXFetchesIsNotMarkedRead(t *testing.T) {
	s := open(t)
	ana, ben := s.person("Ana"), s.person("Ben")
	ana.say(ben.with(), "hola")
	unread := func() int64 {
		return s.count(`SELECT COUNT(*) FROM messages m JOIN members b ON b.room_id = m.room_id WHERE b.user_id = $1 AND m.seq > b.read_seq AND m.author_id <> $1`, ben.user.ID)
	}
	ben.get("/messages?"+ana.with(), asHTMX).is(200).has("hola")
	equal(t, "unread after htmx", unread(), 1)
	ben.get("/messages?" + ana.with()).is(200)
	equal(t, "unread after a page", unread(), 0)
}

// A log-out that failed must be possible again: the cookie stays until the session is over.
func TestALogOutThatFailsCanBeTriedAgain(t *testing.T) {
	s := open(t)
	ana := s.person("Ana")
	old := ana.clone()
	s.exec(`CREATE TRIGGER no BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'no'); END`)
	ana.post("/logout", nil).is(500)
	ana.get("/chat").is(200)
	s.exec(`DROP TRIGGER no`)
	ana.post("/logout", nil).is(303)
	old.get("/chat", asJSON).is(401)
}

// Addresses that cannot belong to an account are not one account.
func TestMistypedAddressesDoNotShareALimit(t *testing.T) {
	s := open(t, limited)
	guest := s.guest()
	for i := range 15 {
		guest.post("/login", []string{"email", fmt.Sprint("nobody", i), "password", "tortilla y pan"}, asJSON).is(401)
	}
}

// Over HTTP/2 a stream is an ordinary answer, and ends like any other.
func TestStreamsOverHTTP2(t *testing.T) {
	s := open(t)
	ana, ben := s.person("Ana"), s.person("Ben")
	server := httptest.NewUnstartedServer(s.site)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	plain := s.Server
	s.Server = server
	stream := ben.listen("/events?" + ana.with() + "&after=0")
	if stream.proto != "HTTP/2.0" {
		t.Fatalf("spoke %s", stream.proto)
	}
	ana.say(ben.with(), "over two")
	stream.brings("over two")
	ben.post("/logout", nil).is(303)
	equal(t, "names", fmt.Sprint(stream.ends()), "[logout bye]")
	s.Server = plain
}
