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
		c, _, err := loadConfig(commands[0], nil, append(environ, "CHARLA_DATA="+data))
		if err != nil {
			t.Fatal(err)
		}
		files, err := openStorage(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer files.Close()
		in, err := files.Receive(t.Context(), strings.NewReader("a text"), 10)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Abort()
		content, err := in.Commit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		matches, _ := filepath.Glob(filepath.Join(data, "files", "kept", "*", content.Object))
		if local := len(matches) == 1; local != (environ == nil) {
			t.Errorf("with %v the file is in CHARLA_DATA: %v", environ, local)
		}
	}
}

// TestFilesOfOtherDatabase checks that Charla refuses to start if the files belong to another database, and keeps
// them.
func TestFilesOfOtherDatabase(t *testing.T) {
	s := startServer(t, context.Background())
	s.register(t, "ana@example.org")
	r, err := s.http.Post(s.url+"/files?name=a.txt", "application/octet-stream", strings.NewReader("a text"))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	objects := func() []string {
		all, _ := filepath.Glob(filepath.Join(s.dataDir, "files", "kept", "*", "*"))
		return all
	}
	if r.StatusCode != 200 || len(objects()) != 1 {
		t.Fatalf("the upload returned %s and stored %v", r.Status, objects())
	}
	if err := os.Chtimes(objects()[0], time.Time{}, time.Now().AddDate(-1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	s.stop()
	<-s.exitCode
	database, away := filepath.Join(s.dataDir, "charla.db"), filepath.Join(t.TempDir(), "charla.db")
	if err := os.Rename(database, away); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := runCommand(t, []string{"CHARLA_ADDR=127.0.0.1:0", "CHARLA_DATA=" + s.dataDir})
	const want = "charla: CHARLA_DATA: the files there belong to another database"
	if code != 1 || stdout != "" || !strings.HasPrefix(lastLine(stderr), want) {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if err := os.Rename(away, database); err != nil {
		t.Fatal(err)
	}
	again := startServer(t, context.Background(), "CHARLA_DATA="+s.dataDir)
	again.get(t, "/readyz")
	if len(objects()) != 1 {
		t.Error("the file was deleted")
	}
}

// TestS3AccessDenied checks the error for a bucket with wrong credentials.
func TestS3AccessDenied(t *testing.T) {
	s3 := strings.Replace(storagetest.New(t).URL("charla"), "secreto", "forgotten", 1)
	_, err := openStorage(t.Context(), config{data: t.TempDir(), s3URL: s3})
	if err == nil || !strings.Contains(err.Error(), "S3_URL") || strings.Contains(err.Error(), "forgotten") {
		t.Errorf("openStorage returned %v", err)
	}
}
