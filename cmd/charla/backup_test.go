package main

import (
	"context"
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

const sqliteBlock, postgresBlock = 0, 1 // indexes of the blocks under "Back up" and "Restore"

// TestBackupInstructions runs the documented commands for backup and restore while messages are posted. All messages
// and files from before the backup must be there after the restore, and other users of the machine must not be able
// to read them.
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
		scenario.skip = regexp.MustCompile(`(?m)^.* data.*\n`) // commands for a local directory of files
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
	block            int            // the index of the documented commands
	environ          []string       // of the shell
	settings         []string       // of Charla
	restoredSettings []string       // of Charla after the restore; used only with copyFiles
	skip             *regexp.Regexp // documented commands that do not apply; may be nil
	copyFiles        func()         // restores the files instead of these commands; may be nil
	dir              string
}

func (b *backupScenario) runDocLines(t *testing.T, section string) {
	t.Helper()
	lines := docBlocks(t, section)[b.block]
	if b.skip != nil {
		lines = b.skip.ReplaceAllString(lines, "")
	}
	runShell(t, b.dir, b.environ, lines)
}

func (b *backupScenario) run(t *testing.T) {
	b.dir = t.TempDir()
	b.settings = append(b.settings, "CHARLA_RATE=0")
	data := "CHARLA_DATA=" + filepath.Join(b.dir, "data")
	s := startServer(t, context.Background(), append(b.settings, data)...)
	s.register(t, "ana@example.org")
	const text = "the text of a file"
	file := s.postForID(t, "/files?name=a.txt", "application/octet-stream", text)
	s.postForID(t, "/messages", "application/json", `{"room":1,"body":"said before","file":["`+file+`"]}`)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				s.postForID(t, "/messages", "application/json", fmt.Sprintf(`{"room":1,"body":"said meanwhile %d"}`, n))
			}
		}
	}()
	b.runDocLines(t, "Back up")
	close(stop)
	<-stopped
	s.postForID(t, "/messages", "application/json", `{"room":1,"body":"said after"}`)
	s.stop()
	<-s.exitCode
	b.runDocLines(t, "Restore")
	if b.copyFiles != nil {
		b.copyFiles()
		b.settings = b.restoredSettings
	}
	again := startServer(t, context.Background(), append(b.settings, data)...)
	again.http.Jar.SetCookies(s.parseURL(t, again.url), s.http.Jar.Cookies(s.parseURL(t, s.url)))
	page := again.get(t, "/messages?room=1&before=3")
	if !strings.Contains(page, "said before") || again.get(t, "/files/"+file) != text {
		t.Errorf("the message or the file from before the backup is missing:\n%s", page)
	}
	if strings.Contains(again.get(t, "/messages?room=1"), "said after") {
		t.Error("a message from after the backup is there, so the backup was not restored")
	}
	again.postForID(t, "/messages", "application/json", `{"room":1,"body":"said since"}`)
	again.stop()
	<-again.exitCode
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
