package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"charla/db/dbtest"
	"charla/storage/storagetest"
)

// startInShell starts the program from a shell script, which finds the binary in $0 and the data directory in
// $CHARLA_DATA.
func startInShell(t *testing.T, script string) (*exec.Cmd, *testServer, *syncBuffer) {
	t.Helper()
	return startCommand(t, exec.Command("/bin/sh", "-c", script, os.Args[0]), "127.0.0.1:0", t.TempDir())
}

// TestFullDisk checks that on a full disk messages can still be read, that the operator is warned and that posting
// keeps the text, and that posting works again when there is space.
func TestFullDisk(t *testing.T) {
	disk, s, out := startOnSmallDisk(t)
	s.register(t, "ana@example.org")
	s.postFormJSON(t, "/messages", url.Values{"room": {"1"}, "body": {"said before"}}, http.StatusCreated)
	waitFor(t, out, "/readyz warns", func() bool {
		fillDisk(t, filepath.Join(disk, "fill")) // again, because a check may have freed the space of its file
		return s.get(t, "/readyz") == "ok, but CHARLA_DATA cannot be written: the disk is full (no space left on device)\n"
	})
	warning := regexp.MustCompile(`level=WARN msg="CHARLA_DATA cannot be written" error="write ` +
		regexp.QuoteMeta(s.dataDir) + `(/files)?/write-test: no space left on device"`)
	if !warning.MatchString(out.String()) {
		t.Errorf("the warning is not in the log:\n%s", out)
	}
	text := url.Values{"room": {"1"}, "body": {strings.Repeat("my precious text ", 200)}}
	for refused := 0; refused < 3; refused++ {
		if s.postMessage(t, text.Get("body")) == http.StatusOK { // SQLite or a check still had some space
			fillDisk(t, filepath.Join(disk, "fill"))
			refused = -1
		}
	}
	s.postFormJSON(t, "/messages", text, http.StatusServiceUnavailable)
	page, err := s.http.PostForm(s.url+"/messages", text)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	body, err := io.ReadAll(page.Body)
	if err != nil || page.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), text.Get("body")) {
		t.Errorf("the page does not contain the text: %s, %v\n%s", page.Status, err, body)
	}
	s.postFormJSON(t, "/files?name=a", url.Values{"a": {"file"}}, http.StatusServiceUnavailable)
	if !strings.Contains(s.get(t, "/messages?room=1&before=3"), "said before") {
		t.Error("earlier messages cannot be read")
	}
	if err := os.Remove(filepath.Join(disk, "fill")); err != nil {
		t.Fatal(err)
	}
	s.postFormJSON(t, "/messages", text, http.StatusCreated)
	waitFor(t, out, "/readyz stops warning", func() bool { return s.get(t, "/readyz") == "ok\n" })
}

// startOnSmallDisk starts the program with a disk of 3 MB for its data, which disk is the path of.
func startOnSmallDisk(t *testing.T) (disk string, s *testServer, out *syncBuffer) {
	t.Helper()
	if err := exec.Command("unshare", "--user", "--map-root-user", "--mount", "true").Run(); err != nil {
		t.Skip("cannot create a small disk: unshare: ", err)
	}
	const script = `exec unshare --user --map-root-user --mount /bin/sh -c ` +
		`'mount -t tmpfs -o size=3m none "$CHARLA_DATA" && exec "$0"' "$0"`
	c, s, out := startInShell(t, script)
	return fmt.Sprintf("/proc/%d/root%s", c.Process.Pid, s.dataDir), s, out
}

// TestFirstFailedWriteReportsFullDisk checks that the first write that fails on a full disk tells people why, keeps
// their text, and changes /readyz at once. Nobody checks the disk before it.
func TestFirstFailedWriteReportsFullDisk(t *testing.T) {
	t.Setenv("TEST_DISK_CHECK_INTERVAL", "1h")
	const ready, full = "ok\n", "ok, but CHARLA_DATA cannot be written: the disk is full (no space left on device)\n"
	for name, write := range map[string]func(s *testServer) (*http.Response, error){
		"a message": func(s *testServer) (*http.Response, error) {
			return s.http.PostForm(s.url+"/messages", url.Values{"room": {"1"}, "body": {preciousText}})
		},
		"a file": func(s *testServer) (*http.Response, error) {
			return s.http.Post(s.url+"/files?name=a.txt", "text/plain", strings.NewReader(preciousText))
		},
	} {
		t.Run(name, func(t *testing.T) {
			disk, s, out := startOnSmallDisk(t)
			s.register(t, "ana@example.org")
			waitFor(t, out, "the first check of the disk", func() bool { return s.get(t, "/readyz") == ready })
			for {
				fillDisk(t, filepath.Join(disk, "fill"))
				before := s.get(t, "/readyz")
				r, err := write(s)
				if err != nil {
					t.Fatal(err)
				}
				defer r.Body.Close()
				if r.StatusCode == http.StatusOK { // SQLite had space in its files, or has freed some
					continue
				}
				if after := s.get(t, "/readyz"); before != ready || after != full {
					t.Errorf("/readyz was %q before the failed write and is %q after it", before, after)
				}
				page, err := io.ReadAll(r.Body)
				text := string(page)
				if err != nil || r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, "disk is full") ||
					name == "a message" && !strings.Contains(text, preciousText) {
					t.Errorf("status %d, %v, and the page is\n%s", r.StatusCode, err, text)
				}
				break
			}
			if err := os.Remove(filepath.Join(disk, "fill")); err != nil {
				t.Fatal(err)
			}
			waitFor(t, out, "/readyz stops warning", func() bool { return s.get(t, "/readyz") == ready })
			r, err := write(s)
			if err != nil {
				t.Fatal(err)
			}
			if r.Body.Close(); r.StatusCode != http.StatusOK {
				t.Errorf("after there was space: %s", r.Status)
			}
		})
	}
}

// TestFullDiskOfPostgres checks the same for PostgreSQL, whose disk may belong to another machine. A trigger stands in
// for the full disk: it raises the same error.
func TestFullDiskOfPostgres(t *testing.T) {
	address := dbtest.PostgresURL(t)
	s := startServer(t, context.Background(), "DATABASE_URL="+address)
	s.register(t, "ana@example.org")
	database, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	for _, query := range []string{
		`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = '53100';
		END $$`,
		`CREATE TRIGGER full_disk BEFORE INSERT ON messages EXECUTE FUNCTION fail()`,
	} {
		if _, err := database.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	form := strings.NewReader(url.Values{"room": {"1"}, "body": {preciousText}}.Encode())
	request, _ := http.NewRequest(http.MethodPost, s.url+"/messages", form)
	request.Header = http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"text/html"}, "Accept-Language": {"es"},
	}
	r, err := s.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	page, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" ||
		!strings.Contains(string(page), "El disco del servidor está lleno") || !strings.Contains(string(page), preciousText) {
		t.Errorf("%s, %v:\n%s", r.Status, err, page)
	}
	if ready := s.get(t, "/readyz"); ready != "ok, but PostgreSQL cannot write: its disk is full\n" {
		t.Errorf("/readyz says %q", ready)
	}
	if _, err := database.Exec(`DROP TRIGGER full_disk ON messages`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "/readyz stops warning", func() bool { return s.get(t, "/readyz") == "ok\n" })
	s.postFormJSON(t, "/messages", url.Values{"room": {"1"}, "body": {preciousText}}, http.StatusCreated)
}

// TestFullDiskOfS3 checks the same for uploads to an S3 server without space.
func TestFullDiskOfS3(t *testing.T) {
	bucket := storagetest.NewProxy(t, storagetest.New(t))
	s := startServer(t, context.Background(), "S3_URL="+bucket.URL("charla"))
	s.register(t, "ana@example.org")
	upload := func() (status int, text string) {
		r, err := s.http.Post(s.url+"/files?name=a.txt", "text/plain", strings.NewReader(preciousText))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		page, _ := io.ReadAll(r.Body)
		return r.StatusCode, string(page)
	}
	bucket.SetFault(storagetest.Refuse(http.StatusInsufficientStorage, "XMinioStorageFull"))
	if status, page := upload(); status != http.StatusServiceUnavailable || !strings.Contains(page, "disk is full") {
		t.Errorf("%d:\n%s", status, page)
	}
	const full = "ok, but files cannot be stored: the disk of the S3 server is full\n"
	if ready := s.get(t, "/readyz"); ready != full {
		t.Errorf("/readyz says %q", ready)
	}
	bucket.ClearFault()
	if status, page := upload(); status != http.StatusOK {
		t.Errorf("after there was space: %d:\n%s", status, page)
	}
}

// preciousText is longer than the free space that SQLite may have left in a page.
var preciousText = strings.TrimSpace(strings.Repeat("my precious text ", 230))

// fillDisk appends to a file until the disk is full.
func fillDisk(t *testing.T, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
}

// TestStartOnFullDisk checks that a start on a full disk fails with the error of the operating system, which SQLite
// hides.
func TestStartOnFullDisk(t *testing.T) {
	data := t.TempDir()
	if err := os.Symlink("/dev/full", filepath.Join(data, "write-test")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(data, "charla.db-wal"), 0o700); err != nil { // SQLite cannot open a directory
		t.Fatal(err)
	}
	code, _, stderr := runCommand(t, []string{"CHARLA_ADDR=127.0.0.1:0", "CHARLA_DATA=" + data})
	want := "charla: CHARLA_DATA: write " + data + "/write-test: no space left on device"
	if code != 1 || lastLine(stderr) != want {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

// TestDeletedDatabase deletes the database of a running server. The operator must be warned, and the instructions in
// docs/operating.md must recover every acknowledged message.
func TestDeletedDatabase(t *testing.T) {
	t.Run("all files", func(t *testing.T) { testDeletedDatabase(t, "", "-wal", "-shm") })
	t.Run("only the main file", func(t *testing.T) { testDeletedDatabase(t, "") })
}

func testDeletedDatabase(t *testing.T, suffixes ...string) {
	s := startServer(t, context.Background(), withMetrics)
	s.register(t, "ana@example.org")
	s.postMessage(t, "said before")
	s.waitForMetric(t, "charla_data_writable", equals(1))
	data, home := filepath.Join(s.dataDir, "charla.db"), t.TempDir()
	aside := filepath.Join(home, "aside")
	for _, move := range [][2]string{{data, aside}, {aside, data}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			t.Fatal(err)
		}
	}
	s.postMessage(t, "said when it was back")
	for _, suffix := range suffixes {
		if err := os.Remove(data + suffix); err != nil {
			t.Fatal(err)
		}
	}
	s.postFormJSON(t, "/messages", url.Values{"room": {"1"}, "body": {"said in vain"}}, http.StatusServiceUnavailable)
	eventually(t, "/readyz warns", func() bool {
		return strings.HasPrefix(s.get(t, "/readyz"), "ok, but CHARLA_DATA cannot be written: charla.db was deleted")
	})
	s.waitForMetric(t, "charla_data_writable", equals(0))
	if _, err := os.Stat(data); err == nil {
		t.Error("Charla has created another database")
	}
	lines := docBlocks(t, "When the database was deleted")[0]
	lines = strings.ReplaceAll(lines, "$(pidof charla)", fmt.Sprint(os.Getpid()))
	lines = strings.ReplaceAll(lines, `*"/`, `*"`+s.dataDir+`/`) // other tests of this process have deleted files too
	runShell(t, home, nil, lines)
	s.stop()
	<-s.exitCode
	for _, suffix := range []string{"-wal", "-shm"} {
		os.Remove(data + suffix)
	}
	if err := os.Rename(filepath.Join(home, "charla.db"), data); err != nil {
		t.Fatal(err)
	}
	again := startServer(t, context.Background(), "CHARLA_DATA="+s.dataDir)
	again.http.Jar.SetCookies(s.parseURL(t, again.url), s.http.Jar.Cookies(s.parseURL(t, s.url)))
	page := again.get(t, "/messages?room=1")
	if !strings.Contains(page, "said before") || !strings.Contains(page, "said when it was back") ||
		strings.Contains(page, "said in vain") {
		t.Errorf("after the recovery the page is\n%s", page)
	}
}
