package main

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"charla/db/dbtest"
	"charla/notify/email/emailtest"
)

// TestEmailEndToEnd registers a user on a running server, which sends the confirmation by itself, and follows its
// link.
func TestEmailEndToEnd(t *testing.T) {
	server := emailtest.New(t, false)
	reserved, err := net.Listen("tcp", "127.0.0.1:0") // the base URL must be known before the start
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + reserved.Addr().String()
	reserved.Close()
	s := startServer(t, context.Background(), "SMTP_URL="+server.URL()+"&tls=none",
		"CHARLA_ADDR="+strings.TrimPrefix(base, "http://"), "CHARLA_BASE_URL="+base)
	s.register(t, "owner@example.org")
	s.newClient(t)
	post := func(path string, form url.Values) *http.Response {
		r, err := s.http.PostForm(s.url+path, form)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r
	}
	const password = "tres tristes tigres"
	r := post("/register", url.Values{"name": {"Ana"}, "email": {"ana@example.org"}, "password": {password}})
	if r.StatusCode != 200 || r.Request.URL.Path != "/register" {
		t.Fatalf("register: %s at %s", r.Status, r.Request.URL)
	}
	dbtest.Eventually(t, "the confirmation arrives", func() bool { return len(server.Messages()) == 1 })
	link := regexp.MustCompile(regexp.QuoteMeta(base) + `(/confirm/\S+)`).FindStringSubmatch(server.Messages()[0].Text)
	if link == nil {
		t.Fatalf("the e-mail contains no link:\n%s", server.Messages()[0].Text)
	}
	r = post(link[1], url.Values{"password": {password}})
	if r.StatusCode != 200 || r.Request.URL.Path != "/chat" {
		t.Fatalf("confirm: %s at %s", r.Status, r.Request.URL)
	}
	post("/forgot", url.Values{"email": {"ana@example.org"}})
	dbtest.Eventually(t, "the e-mail to reset the password arrives", func() bool { return len(server.Messages()) == 2 })
}
