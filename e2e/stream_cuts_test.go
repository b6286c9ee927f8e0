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

// The cuts are spread over several pages: a browser reconnects after half a second, so one page would need a quarter of
// an hour.
const (
	totalCuts      = 1000
	readerBrowsers = 5
	tabsPerBrowser = 4    // as many streams as one session may have
	maxStreamBytes = 4000 // bytes
	maxLines       = 200  // a page needs about 7 ms for each, so that all pages need 14 s for all of them on two cores
)

// TestThousandStreamCuts posts messages while the streams of twenty pages are cut 1,000 times in total, each after a
// random number of bytes, and the server restarts once. In the end every page shows the messages of the database in
// order, each once.
func TestThousandStreamCuts(t *testing.T) { // not parallel: it keeps the browser busy
	s := startServer(t)
	proxy, err := chaos.NewProxy("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	ana := s.newAPIUser("Ana")
	pages := s.openReaderTabs(proxy.Addr())
	proxy.CutWhen(func(request []byte) (int, bool) {
		return rand.IntN(maxStreamBytes), bytes.HasPrefix(request, []byte("GET /events"))
	})
	proxy.Cut() // cuts the streams that were opened without a limit
	proxy.Restore()
	var posting sync.WaitGroup
	enough := make(chan struct{})
	posting.Go(func() { ana.postSteadily(enough) })
	for n := totalCuts / 20; n <= totalCuts; n += totalCuts / 20 {
		waitUntil(t, "the streams are cut again", func() (bool, string) {
			return proxy.Cuts() >= n,
				fmt.Sprint(proxy.Cuts(), " cuts")
		})
		if n == totalCuts/2 {
			s.stop()
			s.start()
		}
	}
	proxy.CutWhen(nil)
	close(enough)
	posting.Wait()
	var ids []string
	for _, m := range ana.allMessages() {
		ids = append(ids, fmt.Sprint("m-", m.Seq))
	}
	for _, b := range pages {
		waitUntil(t, b.name+" sees the lines of the database", func() (bool, string) {
			shown, err := tryEval[[]string](b, `[...document.querySelectorAll('#messages > .message')].map(e => e.id)`)
			return slices.Equal(shown, ids), fmt.Sprintf("%d of %d lines, %v", len(shown), len(ids), err)
		})
	}
	t.Logf("%d cuts over %d pages, %d messages", proxy.Cuts(), len(pages), len(ids))
}

// openReaderTabs opens pages of General through a proxy. Users are registered without forms and the pages load in
// parallel, because anything else takes three times as long.
func (s *server) openReaderTabs(addr string) (pages []*tab) {
	s.t.Helper()
	for i := range readerBrowsers {
		first := s.newBrowser()
		first.name = fmt.Sprint("Reader ", i)
		first.useSessionOf(s.newAPIUser(first.name))
		pages = append(pages, first)
		for range tabsPerBrowser - 1 {
			pages = append(pages, first.anotherTab())
		}
	}
	for _, b := range pages {
		b.allowErrors(serverDownErrors, `net::ERR_(RESPONSE_HEADERS_TRUNCATED|INVALID_HTTP_RESPONSE)`)
		call(b, page.Navigate, page.NavigateParams{URL: "http://" + addr + "/messages?room=1"})
	}
	for _, b := range pages {
		b.waitForStream()
	}
	return pages
}

// useSessionOf gives the browser the session of an API user.
func (b *tab) useSessionOf(p apiUser) {
	b.Helper()
	for pair := range strings.SplitSeq(strings.TrimSuffix(p.cookie, "; "), "; ") {
		name, value, _ := strings.Cut(pair, "=")
		call(b, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: b.server.url("/")})
	}
}

// postSteadily posts two messages per second, each until it is acknowledged, but at most maxLines.
func (p apiUser) postSteadily(enough chan struct{}) {
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	for n := range maxLines {
		select {
		case <-enough:
			return
		case <-ticker.C:
			p.postUntilAcknowledged(fmt.Sprint("line ", n))
		}
	}
}
