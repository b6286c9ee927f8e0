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

// newClient starts a server and returns a client for it. userinfo is put before the host in the URL.
func newClient(t *testing.T, userinfo string, serve http.HandlerFunc) *ntfy.Client {
	t.Helper()
	s := httptest.NewServer(serve)
	t.Cleanup(s.Close)
	client, err := ntfy.Parse(strings.Replace(s.URL, "://", "://"+userinfo, 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func TestNotificationIsSentAsJSON(t *testing.T) {
	for userinfo, authorization := range map[string]string{
		"": "", ":tk_1@": "Bearer tk_1", "ana:x@": "Basic YW5hOng=",
	} {
		var got map[string]any
		client := newClient(t, userinfo, func(_ http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Authorization") != authorization {
				t.Errorf("request %s %s with authorization %q", r.Method, r.URL, r.Header.Get("Authorization"))
			}
			if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
				t.Error(err)
			}
		})
		sent := ntfy.Notification{
			Topic: "t", Title: "Ñandú\r\nX: y", Message: "¡hola!", Click: "https://x/", Tags: []string{"a"},
		}
		if err := client.Publish(t.Context(), sent); err != nil {
			t.Fatal(err)
		}
		if got["topic"] != "t" || got["title"] != sent.Title ||
			got["message"] != "¡hola!" || got["click"] != "https://x/" {
			t.Errorf("the server received %v", got)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the client followed a redirect")
	}))
	defer other.Close()
	client := newClient(t, "", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	if err := client.Publish(t.Context(), ntfy.Notification{Topic: "t"}); err == nil {
		t.Error("Publish returned no error for a redirect")
	}
}

func TestStalledServerTimesOut(t *testing.T) {
	done := make(chan struct{})
	client := newClient(t, "", func(http.ResponseWriter, *http.Request) { <-done })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := client.Publish(ctx, ntfy.Notification{Topic: "t"}); err == nil {
		t.Error("Publish returned no error for a server that does not answer")
	}
	close(done)
}
