package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"charla/storage/storagetest"
)

func TestFileLocation(t *testing.T) {
	s3 := storagetest.New(t).URL("charla")
	for _, environ := range [][]string{nil, {"S3_URL=" + s3}} {
		data := t.TempDir()
		c, err := loadConfig(nil, append(environ, "CHARLA_DATA="+data), &syncBuffer{})
		if err != nil {
			t.Fatal(err)
		}
		vault, err := openStorage(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer vault.Close()
		in, err := vault.Receive(t.Context(), strings.NewReader("a text"), 10)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Abort()
		content, err := in.Commit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		here, _ := filepath.Glob(filepath.Join(data, "files", "kept", "*", content.Object))
		if local := len(here) == 1; local != (environ == nil) {
			t.Errorf("%v: kept in CHARLA_DATA: %v", environ, local)
		}
	}
}

// Files without their database are not taken for nobody's: the start ends, and they are still there when it is back.
func TestFilesOfOtherDatabase(t *testing.T) {
	p := startServer(t, context.Background())
	p.register(t, "ana@example.org")
	r, err := p.http.Post(p.url+"/files?name=a.txt", "application/octet-stream", strings.NewReader("a text"))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	objects := func() []string {
		all, _ := filepath.Glob(filepath.Join(p.dataDir, "files", "kept", "*", "*"))
		return all
	}
	if r.StatusCode != 200 || len(objects()) != 1 {
		t.Fatalf("%s, %v", r.Status, objects())
	}
	if err := os.Chtimes(objects()[0], time.Time{}, time.Now().AddDate(-1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	p.stop()
	<-p.exitCode
	database, away := filepath.Join(p.dataDir, "charla.db"), filepath.Join(t.TempDir(), "charla.db")
	if err := os.Rename(database, away); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := runCommand(t, []string{"CHARLA_ADDR=127.0.0.1:0", "CHARLA_DATA=" + p.dataDir})
	if code != 1 || stdout != "" || !strings.HasPrefix(lastLine(stderr), "charla: CHARLA_DATA: the files there belong to another database") {
		t.Errorf("exit %d, %q, %q", code, stdout, stderr)
	}
	if err := os.Rename(away, database); err != nil {
		t.Fatal(err)
	}
	again := startServer(t, context.Background(), "CHARLA_DATA="+p.dataDir)
	again.get(t, "/readyz")
	if len(objects()) != 1 {
		t.Error("the file is gone")
	}
}

// A bucket that cannot be used ends the start in one line.
func TestS3AccessDenied(t *testing.T) {
	s3 := strings.Replace(storagetest.New(t).URL("charla"), "secreto", "forgotten", 1)
	_, err := openStorage(t.Context(), config{data: t.TempDir(), s3URL: s3})
	if err == nil || !strings.Contains(err.Error(), "S3_URL") || strings.Contains(err.Error(), "forgotten") {
		t.Error(err)
	}
}
