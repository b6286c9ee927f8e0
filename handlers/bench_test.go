package handlers_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"charla/chat"
	"charla/db/dbtest"
	"charla/handlers"
	"charla/live"
	"charla/storage"
)

// benchServer is a server without rate limits, with two users and a conversation of 40 messages.
type benchServer struct {
	*httptest.Server
	client *http.Client
	other  *http.Client
}

func newBenchServer(b *testing.B) *benchServer {
	b.Helper()
	store := dbtest.OpenSQLite(b)
	hub := live.NewHub(store)
	vault, err := storage.OpenLocal(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { vault.Close() })
	limits := chat.DefaultFileLimits
	limits.QuotaBytes = 0
	service := chat.NewService(chat.Options{Store: store, Events: hub, Blobs: vault, FileLimits: limits})
	site := &benchServer{
		Server: httptest.NewServer(
			handlers.New(service, hub,
				handlers.Config{TimeZone: time.UTC, CookieSecret: make([]byte, 64), Ping: store.Ping}),
		),
	}
	ctx, stop := context.WithCancel(b.Context())
	go hub.Run(ctx)
	b.Cleanup(func() { hub.Shutdown(); site.Close(); stop() })
	site.client, site.other = site.registerClient(b, "Ana"), site.registerClient(b, "Ben")
	for i := range 40 {
		site.post(b, i)
	}
	return site
}

func (s *benchServer) registerClient(b *testing.B, name string) *http.Client {
	b.Helper()
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 512}}
	res, err := c.PostForm(s.URL+"/register",
		url.Values{"name": {name}, "email": {name + "@x.org"}, "password": {"tortilla-y-pan"}})
	if err != nil || res.StatusCode != http.StatusOK {
		b.Fatal(res, err)
	}
	res.Body.Close()
	return c
}

func (s *benchServer) post(b *testing.B, i int) {
	body := fmt.Sprintf("Message %d: how about a coffee at the corner, say at five? https://example.org/cafe", i)
	req, _ := http.NewRequest(http.MethodPost, s.URL+"/messages",
		strings.NewReader(url.Values{"with": {"2"}, "body": {body}}.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	res, err := s.client.Do(req)
	if err != nil || res.StatusCode != http.StatusCreated {
		b.Error(res, err)
		return
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
}

// BenchmarkConversationPage loads a compressed page with 40 messages over loopback. The client uses the same cores.
func BenchmarkConversationPage(b *testing.B) {
	site := newBenchServer(b)
	b.ResetTimer()
	var size int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			req, _ := http.NewRequest(http.MethodGet, site.URL+"/messages?with=2", nil)
			req.Header.Set("Accept-Encoding", "gzip")
			res, err := site.client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			size, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
	b.ReportMetric(float64(size), "bytes/page")
}

// BenchmarkMessageToStream posts 50 messages a second to a conversation with 200 open streams, and reports how long
// each message took from the POST to every stream.
func BenchmarkMessageToStream(b *testing.B) {
	site := newBenchServer(b)
	b.ResetTimer()
	for b.Loop() {
		took := site.measureDelivery(b, 200, 250, 20*time.Millisecond)
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	}
}

func (s *benchServer) measureDelivery(b *testing.B, streams, posts int, every time.Duration) []time.Duration {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	arrived := make(chan time.Time, posts*streams)
	var ready, gone sync.WaitGroup
	for range streams {
		ready.Add(1)
		gone.Go(func() { s.watchStream(ctx, b, &ready, arrived) })
	}
	ready.Wait()
	var took []time.Duration
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := range posts {
		<-tick.C
		start := time.Now()
		s.post(b, i)
		for range streams {
			at := <-arrived
			took = append(took, at.Sub(start))
		}
	}
	cancel()
	gone.Wait()
	return took
}

func (s *benchServer) watchStream(ctx context.Context, b *testing.B, ready *sync.WaitGroup, arrived chan<- time.Time) {
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/events?with=1", nil)
	c := s.logIn(b)
	res, err := c.Do(req)
	if err != nil {
		b.Error(err)
		ready.Done()
		return
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for first := true; lines.Scan(); {
		if first && strings.HasPrefix(lines.Text(), "id:") {
			first = false
			ready.Done()
		} else if strings.Contains(lines.Text(), `hx-target="#messages"`) {
			arrived <- time.Now()
		}
	}
}

// logIn returns a client with a session of its own, because a session can have only four streams.
func (s *benchServer) logIn(b *testing.B) *http.Client {
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar}
	res, err := c.PostForm(s.URL+"/login", url.Values{"email": {"Ben@x.org"}, "password": {"tortilla-y-pan"}})
	if err != nil {
		b.Error(err)
		return c
	}
	res.Body.Close()
	return c
}
