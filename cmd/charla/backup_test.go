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

// docBlocks returns the blocks of lines that a section of docs/operating.md has for a shell.
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
		t.Fatalf("no lines under %q", section)
	}
	return blocks
}

// runShell runs lines in a directory and ends the test where one fails.
func runShell(t *testing.T, dir string, environ []string, lines string) {
	t.Helper()
	if _, err := exec.LookPath("sqlite3"); err != nil && os.Getenv("CI") != "true" {
		t.Skip("no sqlite3 here, which .ci/needs brings")
	}
	c := exec.Command("sh", "-euc", lines)
	c.Dir, c.Env = dir, append(os.Environ(), environ...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, lines, out)
	}
}

const sqliteBlock, postgresBlock = 0, 1 // which block under "Back up" and "Restore"

// The lines that back up and restore work as they stand, while people write: what was acknowledged before is there, files
// too, and nobody else on the machine can read it.
func TestBackupInstructions(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		story := backupScenario{block: sqliteBlock}
		story.run(t)
		story.checkPermissions(t)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		story := postgresScenario(t)
		story.run(t)
		story.checkPermissions(t)
	})
	t.Run("PostgreSQL and S3", func(t *testing.T) {
		story, s3 := postgresScenario(t), storagetest.New(t)
		story.settings = append(story.settings, "S3_URL="+s3.URL("charla"))
		story.restoredSettings = append(slices.Clone(story.settings[:1]), "S3_URL="+s3.URL("restored"))
		story.skip = regexp.MustCompile(`(?m)^.* data.*\n`) // what is for a directory of files
		story.copyFiles = func() { copyBucket(t, s3, "charla", "restored") }
		story.run(t)
	})
}

func postgresScenario(t *testing.T) backupScenario {
	server := dbtest.NewServer(t)
	environ := append(server.Environ(), "DATABASE_URL="+server.URL("charla"))
	runShell(t, t.TempDir(), environ, "createdb charla")
	return backupScenario{block: postgresBlock, environ: environ, settings: environ[len(environ)-1:]}
}

// backupScenario is the story of one that is made while people write, and restored.
type backupScenario struct {
	block            int
	environ          []string       // of the shell
	settings         []string       // of Charla
	restoredSettings []string       // its settings after the restore, where they are others
	skip             *regexp.Regexp // lines that this way of keeping files does without, or nil
	copyFiles        func()         // what is done in their place at the restore, or nil
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
	p := startServer(t, context.Background(), append(b.settings, data)...)
	p.register(t, "ana@example.org")
	file := p.postForID(t, "/files?name=a.txt", "application/octet-stream", "the words of a file")
	said := p.postForID(t, "/messages", "application/json", `{"room":1,"body":"said before","file":["`+file+`"]}`)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				p.postForID(t, "/messages", "application/json", fmt.Sprintf(`{"room":1,"body":"said meanwhile %d"}`, n))
			}
		}
	}()
	b.runDocLines(t, "Back up")
	close(stop)
	<-stopped
	p.postForID(t, "/messages", "application/json", `{"room":1,"body":"said after"}`)
	p.stop()
	<-p.exitCode
	b.runDocLines(t, "Restore")
	if b.copyFiles != nil {
		b.copyFiles()
		b.settings = b.restoredSettings
	}
	again := startServer(t, context.Background(), append(b.settings, data)...)
	again.http.Jar.SetCookies(p.parseURL(t, again.url), p.http.Jar.Cookies(p.parseURL(t, p.url)))
	page := again.get(t, "/messages?room=1&before=3")
	if !strings.Contains(page, "said before") || said == "" || again.get(t, "/files/"+file) != "the words of a file" {
		t.Errorf("what was said before the backup is not there:\n%s", page)
	}
	if strings.Contains(again.get(t, "/messages?room=1"), "said after") {
		t.Error("the backup is not what was restored")
	}
	again.postForID(t, "/messages", "application/json", `{"room":1,"body":"said since"}`)
	again.stop()
	<-again.exitCode
}

// checkPermissions looks for what others on the machine could read.
func (b *backupScenario) checkPermissions(t *testing.T) {
	for _, dir := range []string{"data", "backup"} {
		filepath.WalkDir(filepath.Join(b.dir, dir), func(path string, d fs.DirEntry, err error) error {
			if info, infoErr := d.Info(); err != nil || infoErr != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %v, %v: others can read it", path, info.Mode(), errors.Join(err, infoErr))
			}
			return nil
		})
	}
}

// copyBucket stands for whatever copies buckets.
func copyBucket(t *testing.T, s3 *storagetest.Server, from, to string) {
	t.Helper()
	client, err := minio.New(s3.Addr(), &minio.Options{Creds: credentials.NewStaticV4(storagetest.AccessKey, storagetest.SecretKey, "")})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(t.Context(), to, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	copied := 0
	for object := range client.ListObjects(t.Context(), from, minio.ListObjectsOptions{Prefix: "files/", Recursive: true}) {
		if object.Err != nil {
			t.Fatal(object.Err)
		}
		if _, err := client.CopyObject(t.Context(), minio.CopyDestOptions{Bucket: to, Object: object.Key}, minio.CopySrcOptions{Bucket: from, Object: object.Key}); err != nil {
			t.Fatal(err)
		}
		copied++
	}
	if copied < 2 { // a file, and whose they are
		t.Fatalf("there were %d objects", copied)
	}
}
