package ntfy_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"charla/notify/ntfy"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newClient starts a server and returns its client, whose URL has this before the host.
func newClient(t *testing.T, who string, serve http.HandlerFunc) *ntfy.Client {
	t.Helper()
	s := httptest.NewServer(serve)
	t.Cleanup(s.Close)
	client, err := ntfy.Parse(strings.Replace(s.URL, "://", "://"+who, 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func TestNotificationIsSentAsJSON(t *testing.T) {
	for who, authorization := range map[string]string{"": "", ":tk_1@": "Bearer tk_1", "ana:x@": "Basic YW5hOng="} {
		var got map[string]any
		client := newClient(t, who, func(_ http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Authorization") != authorization {
				t.Errorf("%s %s %q", r.Method, r.URL, r.Header.Get("Authorization"))
			}
			if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
				t.Error(err)
			}
		})
		note := ntfy.Notification{Topic: "t", Title: "Ñandú\r\nX: y", Message: "¡hola!", Click: "https://x/", Tags: []string{"a"}}
		if err := client.Publish(t.Context(), note); err != nil {
			t.Fatal(err)
		}
		if got["topic"] != "t" || got["title"] != note.Title || got["message"] != "¡hola!" || got["click"] != "https://x/" {
			t.Errorf("got %v", got)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed") }))
	defer elsewhere.Close()
	client := newClient(t, "", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	if err := client.Publish(t.Context(), ntfy.Notification{Topic: "t"}); err == nil {
		t.Error("a redirect counts as told")
	}
}

func TestStalledServerTimesOut(t *testing.T) {
	over := make(chan struct{})
	client := newClient(t, "", func(http.ResponseWriter, *http.Request) { <-over })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := client.Publish(ctx, ntfy.Notification{Topic: "t"}); err == nil {
		t.Error("silence counts as told")
	}
	close(over)
}
