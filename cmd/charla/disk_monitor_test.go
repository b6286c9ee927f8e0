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

// startInShell runs the real program as the last step of a shell script, which finds it in $0 and its directory in $CHARLA_DATA.
func startInShell(t *testing.T, script string) (*exec.Cmd, *testServer, *syncBuffer) {
	t.Helper()
	return startCommand(t, exec.Command("/bin/sh", "-c", script, os.Args[0]), "127.0.0.1:0", t.TempDir())
}

// On a full disk all that was said can be read, the operator is told, and room is all that it takes to go on.
func TestFullDisk(t *testing.T) {
	if err := exec.Command("unshare", "--user", "--map-root-user", "--mount", "true").Run(); err != nil {
		t.Skip("no small disk to be had: unshare: ", err)
	}
	c, p, out := startInShell(t, `exec unshare --user --map-root-user --mount /bin/sh -c 'mount -t tmpfs -o size=3m none "$CHARLA_DATA" && exec "$0"' "$0"`)
	disk := fmt.Sprintf("/proc/%d/root%s", c.Process.Pid, p.dataDir)
	p.register(t, "ana@example.org")
	p.postFormJSON(t, "/messages", url.Values{"room": {"1"}, "body": {"said before"}}, http.StatusCreated)
	waitFor(t, out, "/readyz to tell", func() bool {
		fillDisk(t, filepath.Join(disk, "fill")) // again, if a look had taken room meanwhile and gave it back
		return p.get(t, "/readyz") == "ok, but CHARLA_DATA cannot be written: no space left on device\n"
	})
	if !strings.Contains(out.String(), `level=WARN msg="CHARLA_DATA cannot be written" error="write `+p.dataDir+`/room: no space left on device"`) {
		t.Errorf("the log does not tell:\n%s", out)
	}
	text := url.Values{"room": {"1"}, "body": {strings.Repeat("my precious text ", 200)}}
	for refused := 0; refused < 3; refused++ {
		if p.postMessage(t, text.Get("body")) == http.StatusOK { // SQLite had some room in its own files, or a look gave some back
			fillDisk(t, filepath.Join(disk, "fill"))
			refused = -1
		}
	}
	p.postFormJSON(t, "/messages", text, http.StatusServiceUnavailable)
	page, err := p.http.PostForm(p.url+"/messages", text)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	kept, err := io.ReadAll(page.Body)
	if err != nil || page.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(kept), text.Get("body")) {
		t.Errorf("the text is not kept: %s, %v\n%s", page.Status, err, kept)
	}
	p.postFormJSON(t, "/files?name=a", url.Values{"a": {"file"}}, http.StatusServiceUnavailable)
	if !strings.Contains(p.get(t, "/messages?room=1&before=3"), "said before") {
		t.Error("what was said cannot be read")
	}
	if err := os.Remove(filepath.Join(disk, "fill")); err != nil {
		t.Fatal(err)
	}
	p.postFormJSON(t, "/messages", text, http.StatusCreated)
	waitFor(t, out, "/readyz to be content", func() bool { return p.get(t, "/readyz") == "ok\n" })
}

// fillDisk writes until the disk is full.
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

// A start on a full disk says so, in words that SQLite has not.
func TestStartOnFullDisk(t *testing.T) {
	data := t.TempDir()
	if err := os.Symlink("/dev/full", filepath.Join(data, "room")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(data, "charla.db-wal"), 0o700); err != nil { // what SQLite cannot open
		t.Fatal(err)
	}
	code, _, stderr := runCommand(t, []string{"CHARLA_ADDR=127.0.0.1:0", "CHARLA_DATA=" + data})
	if want := "charla: CHARLA_DATA: write " + data + "/room: no space left on device"; code != 1 || lastLine(stderr) != want {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

// Who deletes the database under a running Charla is told, loses nothing that was acknowledged, and can have it back.
func TestDeletedDatabase(t *testing.T) {
	t.Run("with all that belongs to it", func(t *testing.T) { testDeletedDatabase(t, "", "-wal", "-shm") })
	t.Run("alone", func(t *testing.T) { testDeletedDatabase(t, "") })
}

func testDeletedDatabase(t *testing.T, endings ...string) {
	p := startServer(t, context.Background(), withMetrics)
	p.register(t, "ana@example.org")
	p.postMessage(t, "said before")
	p.waitForMetric(t, "charla_data_writable", equals(1))
	data, home := filepath.Join(p.dataDir, "charla.db"), t.TempDir()
	aside := filepath.Join(home, "aside")
	for _, move := range [][2]string{{data, aside}, {aside, data}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			t.Fatal(err)
		}
	}
	p.postMessage(t, "said when it was back")
	for _, ending := range endings {
		if err := os.Remove(data + ending); err != nil {
			t.Fatal(err)
		}
	}
	p.postFormJSON(t, "/messages", url.Values{"room": {"1"}, "body": {"said in vain"}}, http.StatusServiceUnavailable)
	eventually(t, "/readyz to tell", func() bool {
		return strings.HasPrefix(p.get(t, "/readyz"), "ok, but CHARLA_DATA cannot be written: charla.db was deleted")
	})
	p.waitForMetric(t, "charla_data_writable", equals(0))
	if _, err := os.Stat(data); err == nil {
		t.Error("somebody made another database")
	}
	// Other tests of this process have files that were deleted, too.
	lines := strings.ReplaceAll(strings.ReplaceAll(docBlocks(t, "When the database was deleted")[0], "$(pidof charla)", fmt.Sprint(os.Getpid())), `*"/`, `*"`+p.dataDir+`/`)
	runShell(t, home, nil, lines)
	p.stop()
	<-p.exitCode
	for _, ending := range []string{"-wal", "-shm"} {
		os.Remove(data + ending)
	}
	if err := os.Rename(filepath.Join(home, "charla.db"), data); err != nil {
		t.Fatal(err)
	}
	again := startServer(t, context.Background(), "CHARLA_DATA="+p.dataDir)
	again.http.Jar.SetCookies(p.parseURL(t, again.url), p.http.Jar.Cookies(p.parseURL(t, p.url)))
	page := again.get(t, "/messages?room=1")
	if !strings.Contains(page, "said before") || !strings.Contains(page, "said when it was back") || strings.Contains(page, "said in vain") {
		t.Errorf("what was rescued is\n%s", page)
	}
}
