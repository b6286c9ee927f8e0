package handlers_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// upload sends one file as a program does: the body is the file.
func (b *browser) upload(name, data string) fileOf {
	b.t.Helper()
	a := b.do(http.MethodPost, "/files?name="+name, strings.NewReader(data), "Content-Type: application/octet-stream", asJSON)
	return decode[fileOf](a.is(http.StatusCreated))
}

// says posts a message with files, as a program does.
func (b *browser) says(place, body string, files ...fileOf) message {
	b.t.Helper()
	name, id, _ := strings.Cut(place, "=")
	fields := []string{name, id, "body", body}
	for _, f := range files {
		fields = append(fields, "file", text(f.ID))
	}
	return decode[message](b.post("/messages", fields, asJSON).is(http.StatusCreated))
}

// inParts writes a form of names and values; a value that begins with a < is the rest of it as a file of that name before it.
func inParts(fields ...string) (string, string) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		if name, ok := strings.CutPrefix(fields[i], "<"); ok {
			part, _ := form.CreateFormFile("file", name)
			part.Write([]byte(fields[i+1]))
		} else {
			form.WriteField(fields[i], fields[i+1])
		}
	}
	form.Close()
	return b.String(), "Content-Type: " + form.FormDataContentType()
}

func TestAProgramSendsFiles(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana, berta := s.person("Ana"), s.person("Berta")
	f := ana.upload("notes.txt", "some notes")
	equal(t, "name", f.Name, "notes.txt")
	berta.get(f.URL, asJSON).failed(404, "not_found", "")
	ana.get(f.URL).is(200)
	a := ana.post("/messages", []string{"with", text(berta.user.ID), "body", "", "file", text(f.ID), "key", "k1"}, asJSON)
	m := decode[message](a.is(201))
	equal(t, "files", len(m.Files), 1)
	equal(t, "the file", m.Files[0], f)
	again := decode[message](ana.post("/messages", []string{"with", text(berta.user.ID), "body", "", "file", text(f.ID), "key", "k1"}, asJSON).is(200))
	equal(t, "the same", again.ID, m.ID)
	ana.post("/messages", []string{"with", text(berta.user.ID), "body", "x", "file", text(f.ID), "key", "k2"}, asJSON).failed(422, "invalid", "file")
	ana.post("/messages", []string{"with", text(berta.user.ID), "body", "x", "key", "k1"}, asJSON).failed(409, "conflict", "key")
	got := berta.get(f.URL).is(200)
	equal(t, "bytes", got.body, "some notes")
	equal(t, "disposition", got.header.Get("Content-Disposition"), "attachment; filename=notes.txt")
	berta.get(f.URL, "If-None-Match: "+got.header.Get("ETag")).is(304)
	equal(t, "a part", berta.get(f.URL, "Range: bytes=5-9").is(206).body, "notes")
	berta.get("/messages?with=" + text(ana.user.ID)).is(200).has("notes.txt")
	ana.remove(m).is(204)
	berta.get(f.URL, "If-None-Match: "+got.header.Get("ETag")).is(404)
	equal(t, "contents", s.count(`SELECT COUNT(*) FROM contents`), 0)
}

func TestAFormBringsFilesWithItsText(t *testing.T) {
	t.Parallel()
	s := open(t)
	ana := s.person("Ana")
	body, kind := inParts("room", "1", "body", "look", "key", "k", "<a.txt", "a", "<b.txt", "b")
	ana.do("POST", "/messages", strings.NewReader(body), kind).to("/messages?room=1")
	h := decode[history](ana.get("/messages?room=1", asJSON).is(200))
	equal(t, "messages", len(h.Messages), 1)
	equal(t, "files", len(h.Messages[0].Files), 2)
	equal(t, "the second", h.Messages[0].Files[1].Name, "b.txt")

	body, kind = inParts("room", "1", "body", "kept text", "<c.txt", "c")
	ana.do("POST", "/files", strings.NewReader(body), kind).is(200).has("kept text", "c.txt")
	ana.get("/messages?room=1").is(200).has("c.txt", `name="file" value=`)
}
