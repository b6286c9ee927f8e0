package handlers_test

import (
	"bufio"
	"net/http"
	"strconv"
	"testing"

	"golang.org/x/net/http/httpguts"
)

// FuzzLastEventID holds that a stream begins with the message after its cursor or with resync, whatever the cursor is,
// and never repeats a message that its reader has.
func FuzzLastEventID(f *testing.F) {
	s := openSQLite(f)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	for range 3 {
		ana.sendMessage(berta.peerQuery(), "hello")
	}
	for _, cursor := range []string{"", "0", "1", "3", "4", "-1", "+2", "03", "1.0", "1e0", " 2 ", "x", "9223372036854775807", "9223372036854775808", "0x1", "1_0", "٣", "1,2"} {
		f.Add(cursor)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		if !httpguts.ValidHeaderFieldValue(cursor) {
			t.Skip()
		}
		r := berta.withT(t).request(http.MethodGet, "/events?"+ana.peerQuery()+"&after=3", nil)
		r.Header.Set("Last-Event-ID", cursor)
		response, err := s.Client().Transport.RoundTrip(r) // closed below, because a session can have only four streams
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%q: status %d", cursor, response.StatusCode)
		}
		first := firstEvent(t, response)
		from, err := strconv.Atoi(r.Header.Get("Last-Event-ID"))
		if first.name == "resync" {
			if err == nil && from >= 0 && from <= 3 {
				t.Fatalf("the valid cursor %q gets resync", cursor)
			}
			return
		}
		if id, _ := strconv.Atoi(first.id); err == nil && id != min(from+1, 3) {
			t.Fatalf("the stream for cursor %q begins with %+v", cursor, first)
		}
	})
}

func firstEvent(t *testing.T, r *http.Response) event {
	t.Helper()
	var p sseParser
	for body := bufio.NewReader(r.Body); ; {
		c, err := body.ReadByte()
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := p.feed(c); ok {
			return e
		}
	}
}
