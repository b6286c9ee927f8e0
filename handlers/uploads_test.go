package handlers_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"charla/chat"
)

// severalFiles is the JSON answer to an upload of several files.
type severalFiles struct {
	Files   []fileInfo
	Refused []struct{ Name, Code, Message string }
}

func TestRefusedFileDoesNotStopOthers(t *testing.T) {
	t.Parallel()
	s := openSQLite(t,
		func(o *serverOptions) { o.FileLimits = chat.FileLimits{FileBytes: 1 << 20, FilesPerMessage: 3} })
	ana := s.newUser("Ana")
	large := strings.Repeat("x", 1<<20+1)
	a := ana.postParts("/files", []string{"room", "1", "<a.txt", "a", "<large.bin", large, "<b.txt", "b"}, asJSON).
		is(201)
	several := decode[severalFiles](a)
	equal(t, "files", len(several.Files), 2)
	equal(t, "refused", fmt.Sprint(several.Refused), "[{large.bin too_large A file can be at most 1 MB.}]")
	parts := ana.postParts("/files", []string{"room", "1", "<c.txt", "c", "<d.txt", "d"}, asHTMX).is(200)
	third := parts.attr("[name=file]", "value")
	parts.shows("[hx-target='[data-place=room-1] #attachments:not(:has(#attachment-"+third+"))']", "c.txt")
	parts.shows("[hx-target='[data-place=room-1] #rejected-files'][hx-swap=beforeend]", "d.txt",
		"A message can have at most 3 files.")
	equal(t, "attachments", parts.elements("[name=file]"), 1)
	ana.do(http.MethodPost, "/files?name=x", strings.NewReader(large), asJSON).isError(413, "too_large", "file")
	ana.do(http.MethodPost, "/files?name=x", nil, asJSON).isError(422, "invalid", "file")
	ana.postParts("/files", []string{"room", "1"}, asJSON).isError(422, "invalid", "file")
	ana.do(http.MethodPost, "/files", strings.NewReader("no parts"), "Content-Type: multipart/form-data; boundary=b", asJSON).
		isError(422, "invalid", "")
	r := ana.request(http.MethodPost, "/files?name=x", strings.NewReader("x"), asJSON)
	r.ContentLength = 100 << 20
	response, err := s.Client().Transport.RoundTrip(r)
	if err == nil {
		equal(t, "the status of a body announced too large", response.StatusCode, 413)
		response.Body.Close()
	}
}

// postCut sends a multipart form over a connection of its own, without its last bytes. It closes only the sending half
// of the connection, so that it can read the response.
func (b *client) postCut(path string, fields []string, cut int, headers ...string) *http.Response {
	b.t.Helper()
	form, kind := multipartForm(fields)
	r := b.request(http.MethodPost, path, form, append(headers, kind)...)
	c, err := net.Dial("tcp", r.URL.Host)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { c.Close() })
	var sent bytes.Buffer
	r.Write(&sent)
	c.Write(sent.Bytes()[:sent.Len()-cut])
	c.(*net.TCPConn).CloseWrite()
	response, err := http.ReadResponse(bufio.NewReader(c), r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { response.Body.Close() })
	return response
}

func TestFilesThatWereCompleteSurviveACut(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	page := ana.listen("/events?room=1")
	page.readUntil("the cursor", isBareID)
	last := []string{"<last.txt", strings.Repeat("x", 1000)}
	several := append([]string{"<one.txt", "1", "<huge.png", hugePNG(50_000), "<two.txt", "2"}, last...)
	response := ana.postCut("/files?room=1", several, 900, asJSON)
	equal(t, "status", response.StatusCode, http.StatusCreated)
	var got severalFiles
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	equal(t, "files", got.Files[0].Name+" "+got.Files[1].Name, "one.txt two.txt")
	equal(t, "refused", fmt.Sprint(got.Refused), "[{huge.png invalid This picture has too many pixels. "+
		"Make it smaller and send it again.} {last.txt invalid The upload was interrupted. Try again.}]")
	page.waitFor("one.txt")
	page.waitFor("two.txt")
	ana.get("/messages?room=1").has("one.txt", "two.txt").lacks("last.txt")

	none := ana.postCut("/files?room=1", last, 900, asJSON)
	equal(t, "the status without a complete file", none.StatusCode, http.StatusUnprocessableEntity)
	equal(t, "files", s.count(`SELECT COUNT(*) FROM files`), 2)
}

func TestFilesBeforeTheTotalLimitAreKept(t *testing.T) {
	t.Parallel()
	s := openSQLite(t,
		func(o *serverOptions) { o.FileLimits = chat.FileLimits{FileBytes: 1 << 20, FilesPerMessage: 2} })
	ana := s.newUser("Ana")
	const together = "All files together can be at most 2 MB."
	large := strings.Repeat("x", 1<<20)
	fields := []string{"<a", large, "<b", large + "x", "<c", large}
	a := ana.postParts("/files?room=1", fields, asJSON).isError(413, "too_large", "file") // announced
	contains(t, a.body, together)
	body, kind := multipartForm(fields)
	streamed := ana.do(http.MethodPost, "/files?room=1", io.MultiReader(body), kind, asJSON).is(201) // its size is unknown
	got := decode[severalFiles](streamed)
	equal(t, "files", len(got.Files), 1)
	equal(t, "refused", fmt.Sprint(got.Refused),
		"[{b too_large A file can be at most 1 MB.} {c too_large "+together+"}]")
}

func TestQuotaRefusesOneFile(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(o *serverOptions) {
		o.FileLimits = chat.FileLimits{FileBytes: 1 << 20, FilesPerMessage: 5, QuotaBytes: 1 << 20}
	})
	ana := s.newUser("Ana")
	fields := []string{"<a", "a", "<large", strings.Repeat("x", 1<<20), "<b", "b"}
	got := decode[severalFiles](ana.postParts("/files?room=1", fields, asJSON).is(201))
	equal(t, "files", got.Files[0].Name+" "+got.Files[1].Name, "a b")
	equal(t, "refused", fmt.Sprint(got.Refused), "[{large invalid Your files can take up at most 1 MB in total. "+
		"Delete messages with files you no longer need.}]")
}

// A page repeats an upload of which it got no answer. The server may have stored all of it.
func TestRepeatedUploadOfAPage(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(o *serverOptions) {
		o.FileLimits = chat.FileLimits{FileBytes: 1 << 20, FilesPerMessage: 2}
	})
	ana := s.newUser("Ana")
	fields := []string{"<a.txt", "same", "<b.txt", "same"}
	first := ana.postParts("/files?room=1&upload=page", fields, asHTMX).is(200).elements("[name=file]")
	again := ana.postParts("/files?room=1&upload=page", fields, asHTMX).is(200).lacks("at most").elements("[name=file]")
	equal(t, "files", fmt.Sprint(first, again, s.count(`SELECT COUNT(*) FROM files`)), "2 2 2")
	ana.postParts("/files?room=1&upload=page", []string{"<a.txt", "other"}, asHTMX).is(200).has("at most 2 files")
	ana.postParts("/files?upload=page", fields[:2], asJSON).is(201)
	equal(t, "files of other conversations", s.count(`SELECT COUNT(*) FROM files`), 3)
	program := []string{"<x.txt", "twice"}
	ana.postParts("/files", program, asJSON).is(201)
	ana.postParts("/files", program, asJSON).is(201)
	equal(t, "a program uploads a file twice", s.count(`SELECT COUNT(*) FROM files`), 5)
}
