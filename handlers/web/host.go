package web

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"charla/chat"

	"golang.org/x/net/idna"
)

// MaxHeadBytes is how many bytes the head of a request may have: its first line and all headers.
const MaxHeadBytes = 64 << 10

var (
	errHeadTooLarge = chat.Errorf(HeadTooLarge, "The URL and headers of this request are too large.")
	errMisdirected  = chat.Errorf(Misdirected, "This server doesn't answer at this address. If you run it, check "+
		"that CHARLA_BASE_URL is the address people use, and that a proxy in front of Charla passes on the original "+
		"host (in nginx: proxy_set_header Host $host).")
)

// CheckHead returns an error for a request that no handler should see: if its head is larger than MaxHeadBytes, or if
// base is set and the request is for another host; see IsOwnHost.
func CheckHead(r *http.Request, base *url.URL, route *Route) error {
	if headSize(r) > MaxHeadBytes {
		return errHeadTooLarge
	}
	if base != nil && !route.Probe && !IsOwnHost(r.Host, base) {
		return errMisdirected
	}
	return nil
}

// headSize returns the size of the head of a request as HTTP/1.1 writes it. net/http has a limit of its own, but adds a
// few KB to it, and counts HTTP/2 in another way.
func headSize(r *http.Request) int {
	const separators = len(": \r\n")
	size := len(r.Method) + len(r.RequestURI) + len("  HTTP/1.1\r\n\r\n")
	size += len("Host") + len(r.Host) + separators
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value) + separators
		}
	}
	return size
}

// IsOwnHost reports whether a Host header names this server: it has the host of the base URL, or a name or address of
// the machine itself, with any port. The port of the base URL may be missing, because proxies often pass on the name
// alone.
func IsOwnHost(host string, base *url.URL) bool {
	name, port := splitHost(host)
	baseName, basePort := splitHost(base.Host)
	if basePort == "" {
		basePort = map[string]string{"http": "80", "https": "443"}[base.Scheme]
	}
	return IsLoopback(host) || name == baseName && (port == "" || port == basePort)
}

// IsLoopback reports whether a Host header names the machine itself: localhost or an address such as 127.0.0.1 or
// [::1], with any port.
func IsLoopback(host string) bool {
	name, _ := splitHost(host)
	address, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && address.Unmap().IsLoopback()
}

// splitHost returns the name and the port of a Host header. The name is in lower case and in ASCII, without brackets
// and without a dot at its end. The port may be empty.
func splitHost(host string) (name, port string) {
	u := url.URL{Host: host}
	name = strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		name = ascii
	}
	return name, u.Port()
}

// PublicOrigin returns the scheme and host under which programs reach the server, such as https://chat.example.org.
// Both are those of base. If base is nil, they are those of the request, but only if its host is the machine itself:
// any other Host header could be invented. PublicOrigin then returns "", so that a URL made from it has only a path.
func PublicOrigin(r *http.Request, base *url.URL, https bool) string {
	switch {
	case base != nil:
		return base.Scheme + "://" + base.Host
	case !IsLoopback(r.Host):
		return ""
	case https:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
