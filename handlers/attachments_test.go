package handlers_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// upload sends one file as a program does: the body is the file.
func (b *client) upload(name, data string) fileInfo {
	b.t.Helper()
	a := b.do(http.MethodPost, "/files?name="+url.QueryEscape(name), strings.NewReader(data), "Content-Type: image/png",
		asJSON)
	return decode[fileInfo](a.is(http.StatusCreated))
}

// sendWithFiles posts a message with uploaded files as a program does.
func (b *client) sendWithFiles(place, body string, files ...fileInfo) message {
	b.t.Helper()
	name, id, _ := strings.Cut(place, "=")
	fields := []string{name, id, "body", body}
	for _, f := range files {
		fields = append(fields, "file", formatID(f.ID))
	}
	return decode[message](b.post("/messages", fields, asJSON).is(http.StatusCreated))
}

// postParts sends a multipart form of alternating names and values. A name that begins with "<" is a file name.
func (b *client) postParts(path string, fields []string, headers ...string) *answer {
	b.t.Helper()
	body, kind := multipartForm(fields)
	return b.do(http.MethodPost, path, body, append(headers, kind)...)
}

// multipartForm returns a form for postParts and its Content-Type header.
func multipartForm(fields []string) (body *bytes.Buffer, kind string) {
	body = &bytes.Buffer{}
	form := multipart.NewWriter(body)
	for i := 0; i < len(fields); i += 2 {
		if name, ok := strings.CutPrefix(fields[i], "<"); ok {
			part, _ := form.CreateFormFile("file", name)
			io.WriteString(part, fields[i+1])
		} else {
			form.WriteField(fields[i], fields[i+1])
		}
	}
	form.Close()
	return body, "Content-Type: " + form.FormDataContentType()
}

// picture returns a PNG of this size.
func picture(width, height int) string {
	var b strings.Builder
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		panic(err)
	}
	return b.String()
}

func TestUploadJSON(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	f, p := ana.upload("notes.txt", "some notes"), ana.upload("photo.png", picture(800, 600))
	equal(t, "a text", f,
		fileInfo{ID: f.ID, Name: "notes.txt", Type: "text/plain", Size: 10, URL: "/files/" + formatID(f.ID)})
	picture := fileInfo{ID: p.ID, Name: "photo.png", Type: "image/png", Size: p.Size, URL: "/files/" + formatID(p.ID),
		ThumbURL: "/files/" + formatID(p.ID) + "?size=thumb", Width: 800, Height: 600}
	equal(t, "a picture", p, picture)
	berta.get(f.URL, asJSON).isError(404, "not_found", "")
	ana.get(f.URL).is(200)
	m := ana.sendWithFiles(berta.peerQuery(), "", p, f)
	equal(t, "its files", fmt.Sprint(m.Files), fmt.Sprint([]fileInfo{p, f}))
	sent := map[string]any{"with": berta.user.ID, "body": "", "key": "k", "file": []any{formatID(f.ID)}}
	ana.postJSON("/messages", sent).isError(422, "invalid", "file")
	g := ana.upload("more.txt", "more")
	sent["file"] = []any{formatID(g.ID), g.ID}
	first := decode[message](ana.postJSON("/messages", sent).is(201))
	equal(t, "files of a list that has one twice", len(first.Files), 1)
	equal(t, "the same request again", decode[message](ana.postJSON("/messages", sent).is(200)).ID, first.ID)
	sent["file"] = []any{}
	ana.postJSON("/messages", sent).isError(422, "invalid", "body")
	sent["body"] = "words"
	ana.postJSON("/messages", sent).isError(409, "conflict", "key")

	for path, b := range map[string]*client{"/messages?with=" + formatID(ana.user.ID): berta, m.path(): ana} {
		page := b.get(path).is(200).has("notes.txt", "10 bytes")
		page.shows("img[src='" + p.URL + "?size=medium'][srcset$=' 800w'][sizes='427px'][width='427'][height='320']")
	}
	history := decode[historyInfo](berta.get("/messages?"+ana.peerQuery(), asJSON).is(200))
	equal(t, "the file in the history", history.Messages[0].Files[1], f)
	berta.get(berta.sendMessage("room=1", "x").path(), asJSON).has(`"files":[]`) // not null
}

func TestFilesAreVisibleInTheirRoomOnly(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta, carla := s.newUser("Ana"), s.newUser("Berta"), s.newUser("Carla")
	room := ana.createRoom("Cellar", "invited", berta)
	f := ana.upload("plan.txt", "the plan")
	ana.sendWithFiles("room="+formatID(room), "", f)
	tag := berta.get(f.URL).is(200).header.Get("ETag")
	hidden, missing := carla.get(f.URL).is(404), carla.get("/files/9999").is(404)
	equal(t, "the page of a hidden file", withoutNonces(hidden.body), withoutNonces(missing.body))
	carla.post("/messages", []string{"room", "1", "body", "", "file", formatID(f.ID)}, asJSON).
		isError(422, "invalid", "file")
	ana.post(fmt.Sprintf("/rooms/%d/members/%d/remove", room, berta.user.ID), nil, asJSON).is(204)
	berta.get(f.URL, "If-None-Match: "+tag).is(404)
	s.anonymous().get(f.URL).redirectsTo("/login?next=" + url.QueryEscape(f.URL))

	draft := ana.upload("draft.txt", "x")
	for _, path := range []string{draft.URL + "/delete", draft.URL} {
		carla.post(path, []string{"alt", "mine"}, asJSON).isError(404, "not_found", "")
	}
	ana.post(draft.URL, []string{"alt", "  what it\nshows "}, asJSON).is(204)
	other := ana.upload("other.txt", "o")
	// The form of the composer has a field for each of its files.
	ana.post(other.URL, []string{"alt-0", "another's", "alt-" + formatID(other.ID), "its own"}, asHTMX).is(200)
	sent := ana.sendWithFiles("room=1", "", draft, other).Files
	equal(t, "descriptions", sent[0].Alt+"|"+sent[1].Alt, "what it shows|its own")
	ana.post(draft.URL+"/delete", nil, asJSON).isError(404, "not_found", "")
	gone := ana.upload("gone.txt", "y")
	ana.do(http.MethodDelete, gone.URL, nil, asJSON).is(204)
	ana.get(gone.URL).is(404)
}

func TestPostFormWithFiles(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	ana.postParts("/messages", []string{"room", "1", "body", "look", "key", "k", "<a.txt", "a", "<", "", "<b.txt", "b"}).
		redirectsTo("/messages?room=1")
	h := decode[historyInfo](ana.get("/messages?room=1", asJSON).is(200))
	equal(t, "messages", len(h.Messages), 1)
	equal(t, "text", h.Messages[0].Body, "look")
	equal(t, "files", len(h.Messages[0].Files), 2)
	equal(t, "the second file", h.Messages[0].Files[1].Name, "b.txt")
	ana.postParts("/messages", []string{"room", "1", "body", "", "file", "", "<", ""}).is(422).
		has("Write a message first.")

	withFile := []string{"room", "1", "body", "kept text", "key", "k2", "alt", "the letter c", "<c.txt", "c"}
	page := ana.postParts("/files", withFile).is(200).shows("textarea", "kept text").has("c.txt")
	equal(t, "key", page.composerKey(), "k2")
	page = ana.get("/messages?room=1").is(200).has("c.txt").shows("[formaction^='/files/']")
	id := page.attr("input[type=hidden][name=file]", "value")
	removal := []string{"room", "1", "body", "still here", "key", "k2", "file", id}
	ana.postParts("/files/"+id+"/delete", removal).is(200).shows("textarea", "still here").lacks("c.txt")
	ana.postParts("/files", []string{"room", "1", "body", "nothing chosen", "key", "k2"}).is(422).
		shows("#composer textarea", "nothing chosen").has("Choose a file first.")
	ana.postParts("/files", []string{"room", "1", "<d.txt", "d"}).redirectsTo("/messages?room=1")

	withHuge := []string{"room", "1", "body", "words", "key", "k3", "<e.txt", "e", "<huge.png", hugePNG(50_000)}
	page = ana.postParts("/messages", withHuge).is(422)
	page.shows("textarea", "words").has("d.txt", "e.txt", "huge.png", "This picture has too many pixels")
	equal(t, "messages", s.count(`SELECT COUNT(*) FROM messages`), 1)
}

// A picture that cannot be decoded is kept as a file, whose page and JSON say that it still has all its data.
func TestUndecodablePictureIsKept(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	heic := "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
	const note = "Stored unchanged, including hidden data such as the location"
	for name, data := range map[string]string{
		"a.png": picture(9, 9)[:40], "b.heic": heic, "c.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
		"d.JPG": "\x00\x00\xff\xd8\xff\xe1Exif", "e.nef": "\x00\x01\x02", // the bytes do not tell the type
	} {
		f := ana.upload(name, data)
		if !f.Unchanged || f.Width != 0 || f.ThumbURL != "" {
			t.Errorf("%s: %+v", name, f)
		}
		got := ana.get(f.URL).is(200)
		equal(t, "bytes", got.body, data)
		contains(t, got.header.Get("Content-Disposition"), "attachment;")
		ana.do(http.MethodPost, "/files?room=1&name="+name, strings.NewReader(data), asJSON).is(201)
		ana.get("/messages?room=1").is(200).shows(".attachment", note)
		m := ana.sendWithFiles("room=1", "", f)
		ana.get(m.path()).shows(".file__card", note)
	}
	for name, data := range map[string]string{"shown.png": picture(9, 9), "data.bin": "\x00\x01", "a.jpg.txt": "notes"} {
		if f := ana.upload(name, data); f.Unchanged {
			t.Errorf("%s is called unchanged", name)
		}
	}
}
