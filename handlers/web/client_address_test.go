package web

import (
	"net"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestClientAddress checks the walk from the right: entries of trusted proxies are skipped, and nothing that a client
// could have invented counts.
func TestClientAddress(t *testing.T) {
	var trusted []*net.IPNet
	for _, cidr := range []string{"127.0.0.0/8", "10.0.0.0/8", "2001:db8:ffff::/48"} {
		_, network, err := net.ParseCIDR(cidr)
		if err != nil {
			t.Fatal(err)
		}
		trusted = append(trusted, network)
	}
	address := ClientAddress(trusted)
	for _, c := range []struct{ peer, headers, want string }{
		{"127.0.0.1:4000", "", "127.0.0.1"},
		{"127.0.0.1:4000", "203.0.113.7", "203.0.113.7"},
		{"127.0.0.1:4000", "203.0.113.7:5678", "203.0.113.7"},
		{"127.0.0.1:4000", "[2001:db8::7]:5678", "2001:db8::7"},
		{"127.0.0.1:4000", "[2001:db8::7]", "2001:db8::7"},
		{"127.0.0.1:4000", "2001:DB8:0::7", "2001:db8::7"},
		{"127.0.0.1:4000", `"[2001:db8::7]:5678"`, "2001:db8::7"},
		{"127.0.0.1:4000", "::ffff:203.0.113.7", "203.0.113.7"},
		{"127.0.0.1:4000", "[fe80::1%25eth0]:80 , fe80::1%eth0", "fe80::1"},
		{"127.0.0.1:4000", "192.0.2.1, 203.0.113.7 ,10.0.0.1:80, 10.0.0.2", "203.0.113.7"},
		{"127.0.0.1:4000", "192.0.2.1|203.0.113.7|10.0.0.1:80", "203.0.113.7"}, // several headers
		{"127.0.0.1:4000", "198.51.100.1, unknown", "127.0.0.1"},
		{"127.0.0.1:4000", "198.51.100.1, _hidden, 10.0.0.1", "10.0.0.1"},
		{"127.0.0.1:4000", "unknown, 203.0.113.7", "203.0.113.7"},
		{"127.0.0.1:4000", "10.0.0.9, 10.0.0.1", "10.0.0.9"}, // all trusted: the farthest
		{"127.0.0.1:4000", ", ,", "127.0.0.1"},
		{"127.0.0.1:4000", "203.0.113.7, ,10.0.0.1,", "203.0.113.7"},
		{"127.0.0.1:4000", "203.0.113.7||", "203.0.113.7"},
		{"127.0.0.1:4000", "203.0.113.7,, unknown,", "127.0.0.1"},
		{"[::ffff:127.0.0.1]:4000", "203.0.113.7", "203.0.113.7"},
		{"[2001:db8:ffff::1]:4000", "203.0.113.7", "203.0.113.7"},
		{"192.0.2.50:4000", "203.0.113.7", "192.0.2.50"}, // not trusted
		{"[2001:db8::50]:4000", "203.0.113.7", "2001:db8::50"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		for header := range strings.SplitSeq(c.headers, "|") {
			r.Header.Add("X-Forwarded-For", header)
		}
		if got := address(r); got != c.want {
			t.Errorf("%q from %s: got %s, want %s", c.headers, c.peer, got, c.want)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "127.0.0.1:4000"
	r.Header.Set("X-Forwarded-For", "203.0.113.7")
	if got := ClientAddress(nil)(r); got != "127.0.0.1" {
		t.Errorf("without trusted proxies: got %s", got)
	}
}
