package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress returns a function that finds the IP address of the client of a request. Unless a trusted proxy sent
// the request, that is the address of the connection. Otherwise it is the last address in the X-Forwarded-For headers
// that is not a trusted proxy itself: each proxy appends the address that it got the request from, and what stands
// before the entry of the first trusted proxy may be invented. An entry may have a port, and an IPv6 address may be in
// brackets. Some proxies write "unknown" or a name instead of an address; the client is then the proxy that wrote it.
func ClientAddress(trusted []*net.IPNet) func(*http.Request) string {
	return func(r *http.Request) string {
		address, ok := parseAddress(r.RemoteAddr)
		if !ok {
			return r.RemoteAddr
		}
		list := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
		for list != "" && isTrusted(trusted, address) {
			comma := strings.LastIndexByte(list, ',')
			last := strings.TrimSpace(list[comma+1:])
			list = list[:max(comma, 0)]
			if last == "" { // empty entries do not count (RFC 9110, 5.6.1.2)
				continue
			}
			entry, ok := parseAddress(last)
			if !ok {
				break
			}
			address = entry
		}
		return address.String()
	}
}

func isTrusted(trusted []*net.IPNet, address netip.Addr) bool {
	for _, network := range trusted {
		if network.Contains(address.AsSlice()) {
			return true
		}
	}
	return false
}

// parseAddress parses an IP address that may have a port, brackets or quotation marks. It returns IPv4 addresses in
// IPv4 form, and addresses without a zone, so that one client has one address.
func parseAddress(s string) (netip.Addr, bool) {
	s = strings.Trim(s, `"`)
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s = s[1 : len(s)-1]
	}
	address, err := netip.ParseAddr(s)
	return address.Unmap().WithZone(""), err == nil
}
