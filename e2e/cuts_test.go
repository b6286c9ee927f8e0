package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"charla/e2e/chaos"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
)

// The cuts that the pages share: a browser comes back after half a second, so one page alone would take a quarter of an hour.
const (
	cuts        = 1000
	browsers    = 5
	tabsEach    = 4    // as many as one session may have streams
	longestLife = 4000 // bytes
)

// A program posts while the streams of twenty pages are cut 1,000 times in all, each after a random number of bytes, and
// the server restarts. Then every page shows the messages of the database, in their order, each once.
func TestAThousandCuts(t *testing.T) { // not beside others: it needs the browsers' time
	s := serve(t)
	proxy, err := chaos.NewProxy("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	ana := s.program("Ana")
	pages := s.audience(proxy.Addr())
	proxy.Chop(func(request []byte) (int, bool) {
		return rand.IntN(longestLife), bytes.HasPrefix(request, []byte("GET /events"))
	})
	proxy.Cut() // the streams that were opened in peace
	proxy.Heal()
	var posting sync.WaitGroup
	enough := make(chan struct{})
	posting.Go(func() { ana.chatter(enough) })
	for n := cuts / 20; n <= cuts; n += cuts / 20 {
		until(t, "the streams are cut again", func() (bool, string) { return proxy.Cuts() >= n, fmt.Sprint(proxy.Cuts(), " cuts") })
		if n == cuts/2 {
			s.stop()
			s.start()
		}
	}
	proxy.Chop(nil)
	close(enough)
	posting.Wait()
	var ids []string
	for _, m := range ana.everything() {
		ids = append(ids, fmt.Sprint("m-", m.Seq))
	}
	for _, b := range pages {
		until(t, b.name+" sees the lines of the database", func() (bool, string) {
			shown, err := look[[]string](b, `[...document.querySelectorAll('#messages > .message')].map(e => e.id)`)
			return slices.Equal(shown, ids), fmt.Sprintf("%d of %d lines, %v", len(shown), len(ids), err)
		})
	}
	t.Logf("%d cuts over %d pages, %d messages", proxy.Cuts(), len(pages), len(ids))
}

// audience opens pages of General that reach the program at an address. Nobody fills in a form for it, and the pages load
// beside each other: all else is the same and takes three times as long.
func (s *server) audience(addr string) (pages []*tab) {
	s.t.Helper()
	for i := range browsers {
		first := s.stranger()
		first.name = fmt.Sprint("Reader ", i)
		first.signedInAs(s.program(first.name))
		pages = append(pages, first)
		for range tabsEach - 1 {
			pages = append(pages, first.another())
		}
	}
	for _, b := range pages {
		b.tolerate(noServer, `net::ERR_(RESPONSE_HEADERS_TRUNCATED|INVALID_HTTP_RESPONSE)`)
		do(b, page.Navigate, page.NavigateParams{URL: "http://" + addr + "/messages?room=1"})
	}
	for _, b := range pages {
		b.live()
	}
	return pages
}

// signedInAs gives a browser the session of a program.
func (b *tab) signedInAs(p program) {
	b.Helper()
	for pair := range strings.SplitSeq(strings.TrimSuffix(p.cookie, "; "), "; ") {
		name, value, _ := strings.Cut(pair, "=")
		do(b, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: b.site.url("/")})
	}
}

// chatter posts five messages a second, each until it is acknowledged.
func (p program) chatter(enough chan struct{}) {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-enough:
			return
		case <-ticker.C:
			p.insist(fmt.Sprint("line ", n))
		}
	}
}
