package handlers_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// unzip returns the files of a zip by name. It fails the test if a file named .json holds no JSON.
func unzip(t testing.TB, content []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, ".json") && !json.Valid(text) {
			t.Errorf("%s is not JSON: %s", f.Name, text)
		}
		files[f.Name] = string(text)
	}
	return files
}

func TestAccountExport(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana := newDepartingUser(s)
		ana.editMessage(ana.sendMessage("room=1", "<b>first</b>"), "<b>second</b> “words” ñ")
		gone := ana.sendMessage("room=1", "what I took back")
		ana.deleteMessage(gone).is(204)
		ana.post("/drafts", []string{"with", formatID(ana.berta.user.ID), "body", "and another"}, asHTMX).is(204)
		equal(t, "drafts", s.count(`SELECT COUNT(*) FROM drafts WHERE user_id = $1`, ana.user.ID), 2)

		a := ana.get("/settings/export").is(200)
		equal(t, "type", a.header.Get("Content-Type"), "application/zip")
		equal(t, "disposition", a.header.Get("Content-Disposition"), `attachment; filename="charla.zip"`)
		files := unzip(t, []byte(a.body))
		contains(t, files["files.json"], `"name":"sent.txt","type":"`, `"name":"waits.txt"`,
			`"name":"me.png","type":"image/`)
		contains(t, fmt.Sprint(files), "/sent.txt:bytes of Ana", "/waits.txt:other bytes of Ana", "/me.png:")
		contains(t, files["account.json"], `"format":1`, `"name":"Ana"`, `"email":"ana@example.org"`, `"role":"member"`,
			`"registered_at":"2`, `"sound":false`, `"recent":["🎉"]`)
		contains(t, files["sessions.json"], `"address":"127.0.0.1"`)
		contains(t, files["rooms.json"], `"name":"General"`, `"name":"Berta","with":`+formatID(ana.berta.user.ID),
			`"name":"Cellar","access":"open","role":""`, `"name":"Kitchen","access":"open","role":"owner"`)
		contains(t, files["messages/1.json"], "words of Ana", `<b>second</b> “words” ñ`, `"edited_at":"2`)
		contains(t, files[fmt.Sprintf("messages/%d.json", ana.direct)], "words of Ana")
		contains(t, files[fmt.Sprintf("messages/%d.json", ana.past)], "words of Ana")
		contains(t, files["reactions.json"], `{"message":`+formatID(ana.general.ID)+`,"room":1,"emoji":"🎉"}`)
		contains(t, files["drafts.json"], `{"room":1,"body":"a beginning"`,
			`"with":`+formatID(ana.berta.user.ID)+`,"body":"and another"`)
		for name, text := range files {
			lacks(t, name+text, "words of Berta", "dear Ana", "👍", "what I took back", "first", "password")
		}
		if strings.Count(files["messages/1.json"], `"id":`) != 3 || len(files) != 8+5+2+3 {
			t.Errorf("%d files; messages of General: %s", len(files), files["messages/1.json"])
		}
		others := unzip(t, []byte(ana.berta.get("/settings/export").is(200).body))
		lacks(t, fmt.Sprint(others), "words of Ana", "a beginning", "ana@example.org")
	})
}

// TestAllMessagesAreExportedInConstantMemory exports 30,000 messages and measures the memory in use while it reads the answer. It
// does not run in parallel, because it measures memory.
func TestAllMessagesAreExportedInConstantMemory(t *testing.T) {
	skipWalkIfShort(t)
	const messages, limit = 30_000, 10 << 20 // their texts have 30 MB
	onEachDatabase(t, func(t *testing.T, s *testServer) {
		ana := s.newUser("Ana")
		s.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $3)
			INSERT INTO messages (room_id, seq, changed_seq, author_id, key, body, html, posted_at, starts_group, starts_day,
				content_digest)
			SELECT 1, 100 + i, 100 + i, $1, CAST(i AS TEXT), 'line ' || i || $2, '', i, i > 0, i < 0, '' FROM n`,
			ana.user.ID, strings.Repeat(" and a text", 90), messages)
		s.exec(`UPDATE rooms SET last_seq = 100 + $1 WHERE id = 1`, messages)
		response, cancel := ana.openStream("/settings/export")
		defer cancel()
		defer response.Body.Close()
		var whole bytes.Buffer
		whole.Grow(16 << 20)
		before, highest := heapInUse(), uint64(0)
		for more := true; more; {
			n, err := io.CopyN(&whole, response.Body, 64<<10)
			highest = max(highest, heapInUse())
			more = n > 0 && err == nil
		}
		if got := strings.Count(unzip(t, whole.Bytes())["messages/1.json"], `"id":`); got != messages {
			t.Errorf("%d messages", got)
		}
		if highest > before+limit {
			t.Errorf("the export held %d MiB", (highest-before)>>20)
		}
	})
}

// heapInUse returns how many bytes the heap holds after a garbage collection.
func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestOneExportAtATime(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	// 22 MB, which the zip stores without compression, are more than all buffers between server and client hold.
	large := strings.Repeat("a line of the large file in the export ", 600_000)
	ana.upload("large.txt", large)
	response, cancel := ana.openStream("/settings/export")
	if _, err := io.ReadFull(response.Body, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	ana.get("/settings/export", asJSON).isError(429, "too_many", "")
	berta.get("/settings/export").is(200)
	cancel()
	response.Body.Close()
	eventually(t, "the export to end with its reader", func() bool {
		return ana.withT(t).get("/settings/export").status == 200
	})
}
