package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
	if err := exec.Command("unshare", "--user", "--map-root-user", "--mount", "true").Run(); err != nil {
		t.Skip("cannot create a small disk: unshare: ", err)
	}
	const script = `exec unshare --user --map-root-user --mount /bin/sh -c ` +
		`'mount -t tmpfs -o size=3m none "$CHARLA_DATA" && exec "$0"' "$0"`
	c, s, out := startInShell(t, script)
	disk := fmt.Sprintf("/proc/%d/root%s", c.Process.Pid, s.dataDir)
	s.register(t, "ana@example.org")
	s.postFormJSON(t, "/messages", url.Values{"room": {"1"}, "body": {"said before"}}, http.StatusCreated)
	waitFor(t, out, "/readyz warns", func() bool {
		fillDisk(t, filepath.Join(disk, "fill")) // again, because a check may have freed the space of its file
		return s.get(t, "/readyz") == "ok, but CHARLA_DATA cannot be written: no space left on device\n"
	})
	warning := `level=WARN msg="CHARLA_DATA cannot be written" error="write ` + s.dataDir +
		`/write-test: no space left on device"`
	if !strings.Contains(out.String(), warning) {
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
