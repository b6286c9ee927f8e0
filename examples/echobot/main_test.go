package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestBotStopsWhenTokenIsRevoked revokes the token after the bot has received a message and before it answers.
func TestBotStopsWhenTokenIsRevoked(t *testing.T) {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /chat", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"me":{"id":7}}`) })
	routes.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "event: message\nid: 1\n")
		io.WriteString(w, `data: {"id":1,"seq":1,"body":"hello","from":{"id":2}}`+"\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	routes.HandleFunc("POST /messages", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	server := httptest.NewServer(routes)
	defer server.Close()
	ended := make(chan error, 1)
	go func() { ended <- (&bot{url: server.URL, room: "1"}).follow() }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, errAccessRevoked) {
			t.Errorf("the bot ended with %v", err)
		}
	case <-ctx.Done():
		t.Error("the bot does not stop")
		server.CloseClientConnections()
	}
}
