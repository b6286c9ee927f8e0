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
	"charla/files/filestest"
)

// guide returns the blocks of lines that a section of docs/operating.md has for a shell.
func guide(t *testing.T, section string) (blocks []string) {
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

// shell runs lines in a directory and ends the test where one fails.
func shell(t *testing.T, dir string, environ []string, lines string) {
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

const sqliteLines, postgresLines = 0, 1 // which block under "Back up" and "Restore"

// The lines that back up and restore work as they stand, while people write: what was acknowledged before is there, files
// too, and nobody else on the machine can read it.
func TestTheLinesForABackup(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		story := backup{block: sqliteLines}
		story.run(t)
		story.private(t)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		story := onPostgres(t)
		story.run(t)
		story.private(t)
	})
	t.Run("PostgreSQL and S3", func(t *testing.T) {
		story, s3 := onPostgres(t), filestest.New(t)
		story.settings = append(story.settings, "S3_URL="+s3.URL("charla"))
		story.restored = append(slices.Clone(story.settings[:1]), "S3_URL="+s3.URL("restored"))
		story.skip = regexp.MustCompile(`(?m)^.* data.*\n`) // what is for a directory of files
		story.moved = func() { copyBucket(t, s3, "charla", "restored") }
		story.run(t)
	})
}

func onPostgres(t *testing.T) backup {
	server := dbtest.NewServer(t)
	environ := append(server.Environ(), "DATABASE_URL="+server.URL("charla"))
	shell(t, t.TempDir(), environ, "createdb charla")
	return backup{block: postgresLines, environ: environ, settings: environ[len(environ)-1:]}
}

// backup is the story of one that is made while people write, and restored.
type backup struct {
	block    int
	environ  []string       // of the shell
	settings []string       // of Charla
	restored []string       // its settings after the restore, where they are others
	skip     *regexp.Regexp // lines that this way of keeping files does without, or nil
	moved    func()         // what is done in their place at the restore, or nil
	home     string
}

func (b *backup) lines(t *testing.T, section string) {
	t.Helper()
	lines := guide(t, section)[b.block]
	if b.skip != nil {
		lines = b.skip.ReplaceAllString(lines, "")
	}
	shell(t, b.home, b.environ, lines)
}

func (b *backup) run(t *testing.T) {
	b.home = t.TempDir()
	b.settings = append(b.settings, "CHARLA_RATE=0")
	data := "CHARLA_DATA=" + filepath.Join(b.home, "data")
	p := begin(t, context.Background(), append(b.settings, data)...)
	p.register(t, "ana@example.org")
	file := p.answer(t, "/files?name=a.txt", "application/octet-stream", "the words of a file")
	said := p.answer(t, "/messages", "application/json", `{"room":1,"body":"said before","file":["`+file+`"]}`)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				p.answer(t, "/messages", "application/json", fmt.Sprintf(`{"room":1,"body":"said meanwhile %d"}`, n))
			}
		}
	}()
	b.lines(t, "Back up")
	close(stop)
	<-stopped
	p.answer(t, "/messages", "application/json", `{"room":1,"body":"said after"}`)
	p.stop()
	<-p.code
	b.lines(t, "Restore")
	if b.moved != nil {
		b.moved()
		b.settings = b.restored
	}
	again := begin(t, context.Background(), append(b.settings, data)...)
	again.http.Jar.SetCookies(p.at(t, again.url), p.http.Jar.Cookies(p.at(t, p.url)))
	page := again.get(t, "/messages?room=1&before=3")
	if !strings.Contains(page, "said before") || said == "" || again.get(t, "/files/"+file) != "the words of a file" {
		t.Errorf("what was said before the backup is not there:\n%s", page)
	}
	if strings.Contains(again.get(t, "/messages?room=1"), "said after") {
		t.Error("the backup is not what was restored")
	}
	again.answer(t, "/messages", "application/json", `{"room":1,"body":"said since"}`)
	again.stop()
	<-again.code
}

// private looks for what others on the machine could read.
func (b *backup) private(t *testing.T) {
	for _, dir := range []string{"data", "backup"} {
		filepath.WalkDir(filepath.Join(b.home, dir), func(path string, d fs.DirEntry, err error) error {
			if info, infoErr := d.Info(); err != nil || infoErr != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %v, %v: others can read it", path, info.Mode(), errors.Join(err, infoErr))
			}
			return nil
		})
	}
}

// copyBucket stands for whatever copies buckets.
func copyBucket(t *testing.T, s3 *filestest.Server, from, to string) {
	t.Helper()
	client, err := minio.New(s3.Addr(), &minio.Options{Creds: credentials.NewStaticV4(filestest.Key, filestest.Secret, "")})
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
