package static

import (
	"net/http"
	"strconv"
	"strings"
)

// maxAcceptBytes is how much of the Accept-Encoding and If-None-Match headers is read. Browsers send less than 100
// bytes.
const maxAcceptBytes = 2000

// These are the content codings in which responses are sent.
const (
	Zstd = "zstd"
	Gzip = "gzip"
)

// Encoding returns the content coding in which to send a response: Zstd, Gzip, or "" for none. It returns the one that
// the client weighs most; if the client weighs both alike, it returns Zstd, which is smaller and faster. A weight of
// zero, as in "gzip;q=0", means that the client refuses the coding. An asterisk stands only for Gzip, because programs
// that send it may not know Zstd.
func Encoding(r *http.Request) string {
	weights := map[string]float64{}
	list := strings.Join(r.Header.Values("Accept-Encoding"), ",")
	for part := range strings.SplitSeq(list[:min(len(list), maxAcceptBytes)], ",") {
		coding, parameters, _ := strings.Cut(part, ";")
		coding = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(coding)), "x-")
		weights[coding] = weight(parameters)
	}
	if _, listed := weights[Gzip]; !listed {
		weights[Gzip] = weights["*"]
	}
	best, most := "", weights["identity"]
	for _, coding := range []string{Zstd, Gzip} {
		if w := weights[coding]; w > 0 && (w > most || best == "" && w == most) {
			best, most = coding, w
		}
	}
	return best
}

// weight returns the weight in the parameters of a content coding, such as "q=0.5". It returns 1 if there is none.
func weight(parameters string) float64 {
	name, value, _ := strings.Cut(strings.TrimSpace(parameters), "=")
	w, err := strconv.ParseFloat(value, 64)
	if err != nil || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	return w
}

// NotModified reports whether the client already has the response with the given ETag, according to the If-None-Match
// header, which is a list of tags or an asterisk. It compares tags weakly (RFC 9110, section 13.1.2): W/"x" equals "x".
func NotModified(r *http.Request, etag string) bool {
	list := strings.Join(r.Header.Values("If-None-Match"), ",")
	list = strings.TrimSpace(list[:min(len(list), maxAcceptBytes)])
	if list == "*" {
		return true
	}
	etag = strings.TrimPrefix(etag, "W/")
	for list != "" {
		list = strings.TrimPrefix(strings.TrimLeft(list, " \t,"), "W/")
		end := strings.IndexByte(list[min(1, len(list)):], '"') + 2
		if !strings.HasPrefix(list, `"`) || end < 2 {
			return false
		}
		if list[:end] == etag {
			return true
		}
		list = list[end:]
	}
	return false
}
