package handlers_test

import (
	"bufio"
	"net/http"
	"strconv"
	"testing"

	"golang.org/x/net/http/httpguts"
)

// FuzzLastEventID holds that whatever a reader brings as its cursor, the stream begins with what it lacks or sends it to
// fetch the page again, and never with a message it has.
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
		response, err := s.Client().Transport.RoundTrip(r) // one at a time: a session holds four streams
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
				t.Fatalf("%q is sent to fetch the page", cursor)
			}
			return
		}
		if id, _ := strconv.Atoi(first.id); err == nil && id != min(from+1, 3) {
			t.Fatalf("%q is told %+v first", cursor, first)
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
