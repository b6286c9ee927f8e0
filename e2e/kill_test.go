package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Eight people send as fast as they can while the program is killed three times. Each repeats a message with its key until
// it is acknowledged, as a client must; then everything acknowledged is there, once, in the order of its sender.
func TestNothingAcknowledgedIsLostByAKill(t *testing.T) {
	const senders, each, kills = 8, 60, 3
	s := serve(t)
	people := make([]program, senders)
	for i := range people {
		people[i] = s.program(fmt.Sprint("Sender ", i))
	}
	var acknowledged atomic.Int64
	var work sync.WaitGroup
	for i, p := range people {
		work.Go(func() {
			for n := range each {
				p.insist(fmt.Sprintf("%d/%d", i, n))
				acknowledged.Add(1)
			}
		})
	}
	for k := range kills {
		until(t, "some were sent", func() (bool, string) {
			n := acknowledged.Load()
			return n >= int64((k+1)*senders*each/(kills+1)), fmt.Sprint(n, " sent")
		})
		s.kill()
		s.start()
	}
	work.Wait()
	next := make([]int, senders)
	for _, m := range people[0].everything() {
		var who, n int
		if _, err := fmt.Sscanf(m.Body, "%d/%d", &who, &n); err != nil || n != next[who] {
			t.Fatalf("found %q where sender %d was at %d: %v", m.Body, who, next[who], err)
		}
		next[who]++
	}
	for who, n := range next {
		if n != each {
			t.Errorf("%d of %d messages of sender %d are there", n, each, who)
		}
	}
}

// insist sends a message to General, again and again under one key, until it is acknowledged.
func (p program) insist(body string) {
	form := url.Values{"room": {"1"}, "body": {body}, "key": {"key " + body}}.Encode()
	for {
		request, err := http.NewRequest(http.MethodPost, p.site.url("/messages"), strings.NewReader(form))
		if err != nil {
			p.Error(err)
			return
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Accept", "application/json")
		request.Header.Set("Cookie", p.cookie)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			continue // killed: whether it was stored is unknown
		}
		answer.Body.Close()
		if answer.StatusCode < 300 {
			return
		}
		if answer.StatusCode < 500 {
			p.Errorf("sending %q: %s", body, answer.Status)
			return
		}
	}
}

// stored is a message as the database has it.
type stored struct {
	Seq  int64
	Body string
}

// everything is all of General, oldest first.
func (p program) everything() (all []stored) {
	p.Helper()
	for next := "/messages?room=1&limit=200"; next != ""; {
		request, err := http.NewRequest(http.MethodGet, p.site.url(next), nil)
		if err != nil {
			p.Fatal(err)
		}
		request.Header.Set("Accept", "application/json")
		request.Header.Set("Cookie", p.cookie)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			p.Fatal(err)
		}
		var page struct {
			Messages []stored
			Next     string
		}
		err = json.NewDecoder(answer.Body).Decode(&page)
		answer.Body.Close()
		if err != nil {
			p.Fatal(err)
		}
		all, next = append(page.Messages, all...), page.Next
	}
	return all
}
