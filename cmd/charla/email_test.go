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

// TestEmailEndToEnd is the whole way with the real program: nobody helps the courier.
func TestEmailEndToEnd(t *testing.T) {
	server := emailtest.New(t, false)
	here, err := net.Listen("tcp", "127.0.0.1:0") // a base URL must be known beforehand
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + here.Addr().String()
	here.Close()
	p := startServer(t, context.Background(), "SMTP_URL="+server.URL()+"&tls=none", "CHARLA_ADDR="+strings.TrimPrefix(base, "http://"), "CHARLA_BASE_URL="+base)
	post := func(path string, form url.Values) *http.Response {
		r, err := p.http.PostForm(p.url+path, form)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r
	}
	r := post("/register", url.Values{"name": {"Ana"}, "email": {"ana@example.org"}, "password": {"tres tristes tigres"}})
	if r.StatusCode != 200 || r.Request.URL.Path != "/register" {
		t.Fatalf("register: %s at %s", r.Status, r.Request.URL)
	}
	dbtest.Eventually(t, "the letter", func() bool { return len(server.Messages()) == 1 })
	link := regexp.MustCompile(regexp.QuoteMeta(base) + `(/confirm/\S+)`).FindStringSubmatch(server.Messages()[0].Text)
	if link == nil {
		t.Fatal(server.Messages()[0].Text)
	}
	if r := post(link[1], url.Values{"password": {"tres tristes tigres"}}); r.StatusCode != 200 || r.Request.URL.Path != "/chat" {
		t.Fatalf("confirm: %s at %s", r.Status, r.Request.URL)
	}
	post("/forgot", url.Values{"email": {"ana@example.org"}})
	dbtest.Eventually(t, "another letter", func() bool { return len(server.Messages()) == 2 })
}
