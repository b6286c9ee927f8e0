package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"charla/db/dbtest"
	"charla/storage/storagetest"
)

// docBlocks returns the indented blocks of shell commands in a section of docs/operating.md.
func docBlocks(t *testing.T, section string) (blocks []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(text), "\n## "+section+"\n")
	part, _, _ = strings.Cut(part, "\n## ")
	blocks = regexp.MustCompile(`(?m)(?:^    .+\n)+`).FindAllString(part, -1)
	if len(blocks) == 0 {
		t.Fatalf("docs/operating.md has no commands under %q", section)
	}
	return blocks
}

// runShell runs shell commands in a directory and fails the test if one of them fails.
func runShell(t *testing.T, dir string, environ []string, lines string) {
	t.Helper()
	if _, err := exec.LookPath("sqlite3"); err != nil && os.Getenv("CI") != "true" {
		t.Skip("sqlite3 is missing, which .ci/needs installs")
	}
	c := exec.Command("sh", "-euc", lines)
	c.Dir, c.Env = dir, append(os.Environ(), environ...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, lines, out)
	}
}

const sqliteBlock, postgresBlock = 0, 1 // indexes of the blocks under "Restore"

// TestBackupInstructions runs the documented commands for backup and restore while messages are posted, and files are
// uploaded and deleted. All messages from before the backup must be there after the restore, and the files of all
// messages. Other users of the machine must not be able to read them.
func TestBackupInstructions(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		scenario := backupScenario{block: sqliteBlock}
		scenario.run(t)
		scenario.checkPermissions(t)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		scenario := postgresScenario(t)
		scenario.run(t)
		scenario.checkPermissions(t)
	})
	t.Run("PostgreSQL and S3", func(t *testing.T) {
		scenario, s3 := postgresScenario(t), storagetest.New(t)
		scenario.settings = append(scenario.settings, "S3_URL="+s3.URL("charla"))
		scenario.restoredSettings = append(slices.Clone(scenario.settings[:1]), "S3_URL="+s3.URL("restored"))
		scenario.copyFiles = func() { copyBucket(t, s3, "charla", "restored") }
		scenario.run(t)
	})
}

func postgresScenario(t *testing.T) backupScenario {
	server := dbtest.NewServer(t)
	environ := append(server.Environ(), "DATABASE_URL="+server.URL("charla"))
	runShell(t, t.TempDir(), environ, "createdb charla")
	return backupScenario{block: postgresBlock, environ: environ, settings: environ[len(environ)-1:]}
}

// backupScenario is a backup and restore of one kind of database and file storage.
type backupScenario struct {
	block            int      // the index of the documented commands for the restore
	environ          []string // of the shell
	settings         []string // of Charla
	restoredSettings []string // of Charla after the restore; used only with copyFiles
	copyFiles        func()   // copies the bucket after the backup; nil if the files are in the archive
	dir              string
}

// shell runs documented commands. The command charla in them is this test binary.
func (b *backupScenario) shell(t *testing.T, lines string) {
	t.Helper()
	bin := filepath.Join(b.dir, "bin")
	script := "#!/bin/sh\nBE_CHARLA=1 exec '" + os.Args[0] + "' \"$@\"\n"
	err := errors.Join(os.MkdirAll(bin, 0o700), os.WriteFile(filepath.Join(bin, "charla"), []byte(script), 0o700))
	if err != nil {
		t.Fatal(err)
	}
	environ := append(slices.Clone(b.environ), "PATH="+bin+":"+os.Getenv("PATH"), "CHARLA_DATA=data")
	runShell(t, b.dir, append(environ, b.settings...), lines)
}

// fileContent returns the content of the file of a message. Files have different contents, because equal ones are
// stored once. Those of messages that begin with "large" take a while to copy.
func fileContent(body string) string {
	if strings.HasPrefix(body, "large") {
		return strings.Repeat("the text of a large file of "+body+"\n", 400_000)
	}
	return "the text of a file of " + body
}

func (b *backupScenario) run(t *testing.T) {
	b.dir = t.TempDir()
	b.settings = append(b.settings, "CHARLA_RATE=0")
	data := "CHARLA_DATA=" + filepath.Join(b.dir, "data")
	s := startServer(t, context.Background(), append(b.settings, data)...)
	s.register(t, "ana@example.org")
	said := b.postManyMessages(t, s)
	stop := s.postMeanwhile(t, b.copyFiles == nil) // a copied bucket lacks what was deleted after the database
	b.shell(t, docBlocks(t, "Back up")[0])
	stop()
	if b.copyFiles != nil {
		b.copyFiles()
	}
	s.postForID(t, "/messages", "application/json", `{"room":1,"body":"said after"}`)
	s.stop()
	<-s.exitCode
	b.shell(t, docBlocks(t, "Restore")[b.block])
	if b.copyFiles != nil {
		b.settings = b.restoredSettings
	}
	again := startServer(t, context.Background(), append(b.settings, data)...)
	again.http.Jar.SetCookies(s.parseURL(t, again.url), s.http.Jar.Cookies(s.parseURL(t, s.url)))
	bodies := again.readConversation(t)
	for _, body := range said {
		if !slices.Contains(bodies, body) {
			t.Errorf("the message %q from before the backup is missing", body)
		}
	}
	if slices.Contains(bodies, "said after") {
		t.Error("a message from after the backup is there, so the backup was not restored")
	}
	again.postForID(t, "/messages", "application/json", `{"room":1,"body":"said since"}`)
	again.stop()
	<-again.exitCode
}

// postManyMessages posts messages, some of them with a file, and returns their texts.
func (b *backupScenario) postManyMessages(t *testing.T, s *testServer) (said []string) {
	for n := range 60 {
		said = append(said, fmt.Sprintf("said before %d", n))
		s.postWithFile(t, said[n], n%2 == 0)
	}
	for n := range 6 {
		said = append(said, fmt.Sprintf("large %d", n))
		s.postWithFile(t, said[len(said)-1], true)
	}
	return said
}

// postWithFile posts a message, with a file if hasFile is true, and returns its id.
func (s *testServer) postWithFile(t *testing.T, body string, hasFile bool) string {
	t.Helper()
	in := map[string]any{"room": 1, "body": body}
	if hasFile {
		in["file"] = []string{s.postForID(t, "/files?name=a.txt", "application/octet-stream", fileContent(body))}
	}
	message, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return s.postForID(t, "/messages", "application/json", string(message))
}

// postMeanwhile posts messages with files until the returned function is called. If deletes is true, it deletes most of
// them at once.
func (s *testServer) postMeanwhile(t *testing.T, deletes bool) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			select {
			case <-quit:
				return
			default:
			}
			id := s.postWithFile(t, fmt.Sprintf("said meanwhile %d", n), true)
			if !deletes || n%4 == 0 {
				continue
			}
			if r, err := s.http.PostForm(s.url+"/messages/"+id+"/delete", nil); err != nil || r.StatusCode >= 400 {
				t.Errorf("delete a message: %v, %v", r, err)
			} else {
				r.Body.Close()
			}
		}
	}()
	return func() { close(quit); <-done }
}

// readConversation returns the texts of all messages of General. It fails the test if the file of a message cannot be
// read.
func (s *testServer) readConversation(t *testing.T) (bodies []string) {
	t.Helper()
	cookies := s.http.Jar.Cookies(s.parseURL(t, s.url))
	files := 0
	for path := "/messages?room=1&after=0"; path != ""; {
		status, text := s.request(t, "GET", path, cookies[0].String(), "")
		var page struct {
			Messages []struct {
				Body  string
				Files []struct{ URL string }
			}
			Next string
		}
		if err := json.Unmarshal([]byte(text), &page); err != nil || status != 200 {
			t.Fatalf("%s: status %d, %v, %s", path, status, err, text)
		}
		for _, m := range page.Messages {
			bodies = append(bodies, m.Body)
			for _, f := range m.Files {
				files++
				if content := s.get(t, f.URL); content != fileContent(m.Body) {
					t.Errorf("the file of %q has another content", m.Body)
				}
			}
		}
		if path = page.Next; len(page.Messages) == 0 {
			break
		}
	}
	if files < 30 {
		t.Errorf("only %d files were restored", files)
	}
	return bodies
}

// checkPermissions fails the test if other users of the machine could read a file of the data or of the backup.
func (b *backupScenario) checkPermissions(t *testing.T) {
	for _, dir := range []string{"data", "backup"} {
		filepath.WalkDir(filepath.Join(b.dir, dir), func(path string, d fs.DirEntry, err error) error {
			if info, infoErr := d.Info(); err != nil || infoErr != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %v, error %v", path, info.Mode(), errors.Join(err, infoErr))
			}
			return nil
		})
	}
}

// copyBucket copies all files from one bucket to another, as a backup tool for S3 would.
func copyBucket(t *testing.T, s3 *storagetest.Server, from, to string) {
	t.Helper()
	creds := credentials.NewStaticV4(storagetest.AccessKey, storagetest.SecretKey, "")
	client, err := minio.New(s3.Addr(), &minio.Options{Creds: creds})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(t.Context(), to, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	copied := 0
	options := minio.ListObjectsOptions{Prefix: "files/", Recursive: true}
	for object := range client.ListObjects(t.Context(), from, options) {
		if object.Err != nil {
			t.Fatal(object.Err)
		}
		source := minio.CopySrcOptions{Bucket: from, Object: object.Key}
		target := minio.CopyDestOptions{Bucket: to, Object: object.Key}
		if _, err := client.CopyObject(t.Context(), target, source); err != nil {
			t.Fatal(err)
		}
		copied++
	}
	if copied < 2 { // the file and the mark of its owner
		t.Fatalf("copied only %d objects", copied)
	}
}

// TestBackupFile checks that a backup replaces a file only if it is told to, leaves no temporary files behind, and that
// nobody else can read it.
func TestBackupFile(t *testing.T) {
	s := startServer(t, context.Background())
	s.register(t, "ana@example.org")
	dir := t.TempDir()
	file := filepath.Join(dir, "charla.tar")
	settings := []string{"CHARLA_DATA=" + s.dataDir}
	code, stdout, stderr := runCommand(t, settings, "backup", file)
	if code != 0 || strings.Count(stdout, "\n") != 1 || !strings.Contains(stdout, file) {
		t.Fatalf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	first, err := os.ReadFile(file)
	if info, statErr := os.Stat(file); err != nil || statErr != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the archive: %v, %v, %v", info, err, statErr)
	}
	s.postForID(t, "/messages", "application/json", `{"room":1,"body":"said later"}`)
	code, _, stderr = runCommand(t, settings, "backup", file)
	if now, _ := os.ReadFile(file); code != 1 || !strings.Contains(stderr, "--force") || !bytes.Equal(now, first) {
		t.Errorf("a second backup without --force: exit code %d, stderr %q", code, stderr)
	}
	code, _, stderr = runCommand(t, settings, "backup", "--force", file)
	if now, _ := os.ReadFile(file); code != 0 || bytes.Equal(now, first) {
		t.Errorf("a second backup with --force: exit code %d, stderr %q", code, stderr)
	}
	if code, _, _ = runCommand(t, settings, "backup", dir); code != 1 {
		t.Errorf("a backup to a directory: exit code %d", code)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the directory contains %v, %v", entries, err)
	}
}
