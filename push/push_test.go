package push_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"charla/push"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// at starts a server and returns its client, whose URL has this before the host.
func at(t *testing.T, who string, serve http.HandlerFunc) *push.Server {
	t.Helper()
	s := httptest.NewServer(serve)
	t.Cleanup(s.Close)
	client, err := push.Parse(strings.Replace(s.URL, "://", "://"+who, 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func TestANoteTravelsAsJSON(t *testing.T) {
	for who, authorization := range map[string]string{"": "", ":tk_1@": "Bearer tk_1", "ana:x@": "Basic YW5hOng="} {
		var got map[string]any
		client := at(t, who, func(_ http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Authorization") != authorization {
				t.Errorf("%s %s %q", r.Method, r.URL, r.Header.Get("Authorization"))
			}
			if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
				t.Error(err)
			}
		})
		note := push.Note{Topic: "t", Title: "Ñandú\r\nX: y", Message: "¡hola!", Click: "https://x/", Tags: []string{"a"}}
		if err := client.Publish(t.Context(), note); err != nil {
			t.Fatal(err)
		}
		if got["topic"] != "t" || got["title"] != note.Title || got["message"] != "¡hola!" || got["click"] != "https://x/" {
			t.Errorf("got %v", got)
		}
	}
}

func TestTheServerThatTheOperatorChoseAndNoOther(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed") }))
	defer elsewhere.Close()
	client := at(t, "", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	if err := client.Publish(t.Context(), push.Note{Topic: "t"}); err == nil {
		t.Error("a redirect counts as told")
	}
}

func TestAServerThatStalls(t *testing.T) {
	over := make(chan struct{})
	client := at(t, "", func(http.ResponseWriter, *http.Request) { <-over })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := client.Publish(ctx, push.Note{Topic: "t"}); err == nil {
		t.Error("silence counts as told")
	}
	close(over)
}
