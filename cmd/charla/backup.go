package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"charla/chat"
	"charla/db"
	"charla/storage"
)

// backup writes the database and the files into one tar archive, while the server runs. The archive appears under its
// name only when it is complete. Files in a bucket are not in the archive.
func backup(ctx context.Context, c config, in invocation) error {
	if err := checkTarget(in.argument, in.force); err != nil {
		return err
	}
	store, err := openBesideServer(ctx, c)
	if err != nil {
		return err
	}
	defer store.Close()
	dir, err := os.MkdirTemp(filepath.Dir(in.argument), ".charla-backup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &backupRun{config: c, store: store, dir: dir}
	temporary := filepath.Join(dir, "archive.tar")
	if err := b.writeArchive(ctx, temporary); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := checkTarget(in.argument, in.force); err != nil {
		return err
	}
	if err := os.Rename(temporary, in.argument); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(in.argument)); err != nil {
		return err
	}
	fmt.Fprintf(in.stdout, "The database and %d files are in %s (%d MB).\n", b.files, in.argument, b.written>>20)
	if c.s3URL != "" {
		fmt.Fprintln(in.stdout, "The files in the bucket of S3_URL are not in this archive. Copy the bucket now.")
	}
	return nil
}

// checkTarget returns an error if the file of a new backup exists, unless it may be replaced.
func checkTarget(path string, replace bool) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a directory: add the name of a file", path)
	case !replace:
		return fmt.Errorf("%s exists: choose another name, or add --force to replace it", path)
	}
	return nil
}

// syncDir waits until the list of names in a directory is on disk.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// backupRun is a backup in progress.
type backupRun struct {
	config  config
	store   *db.Store
	dir     string // for temporary files
	files   int
	written int64 // bytes
}

// writeArchive writes the archive to path and waits until it is on disk.
func (b *backupRun) writeArchive(ctx context.Context, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	archive := tar.NewWriter(&progressWriter{ctx: ctx, next: file, run: b, logged: time.Now()})
	if err := b.addAll(ctx, archive); err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return file.Sync()
}

// addAll adds the files and then the database to the archive.
//
// Every file to which the copy of the database refers must be in the archive, although the server deletes files
// meanwhile. So addAll first copies all files, then the database, then the files that were uploaded in between. If one
// of those has been deleted already, addAll copies the database again. The server deletes the row of a file before the
// bytes, so the next copy does not refer to that file any more; if it does, the file was lost before the backup began.
func (b *backupRun) addAll(ctx context.Context, archive *tar.Writer) error {
	slog.Info("backup: copying the files")
	files, err := storage.NewArchive(filepath.Join(b.config.data, "files"), archive)
	if err != nil {
		return err
	}
	defer files.Close()
	if b.config.s3URL != "" {
		return b.addDatabase(ctx, archive, func([]string) (bool, error) { return true, nil })
	}
	if err := files.AddAll(ctx); err != nil {
		return err
	}
	missing := map[string]bool{}
	err = b.addDatabase(ctx, archive, func(objects []string) (complete bool, err error) {
		before := missing
		missing, err = addMissing(files, objects)
		complete = err == nil
		for object := range missing {
			complete = complete && before[object]
		}
		return complete, err
	})
	for object := range missing {
		slog.Warn("backup: the bytes of a file are missing in the storage", "object", object)
	}
	b.files = files.Count()
	return err
}

// addMissing adds the objects that the archive does not contain. It returns those that do not exist.
func addMissing(files *storage.Archive, objects []string) (missing map[string]bool, err error) {
	missing = map[string]bool{}
	for _, object := range objects {
		err := files.Add(object)
		if errors.Is(err, chat.ErrNotFound) {
			missing[object] = true
		} else if err != nil {
			return nil, err
		}
	}
	return missing, nil
}

// maxDatabaseCopies is how often a backup copies the database at most.
const maxDatabaseCopies = 10

// addDatabase copies the database until complete, which gets the names of the objects to which the copy refers, returns
// true. Then it adds the copy to the archive.
func (b *backupRun) addDatabase(
	ctx context.Context, archive *tar.Writer, complete func(objects []string) (bool, error),
) error {
	for range maxDatabaseCopies {
		slog.Info("backup: copying the database")
		path, objects, err := b.copyDatabase(ctx)
		if err != nil {
			return err
		}
		done, err := complete(objects)
		if err != nil {
			return err
		}
		if done {
			return addFile(archive, path)
		}
	}
	return errors.New("files are being deleted faster than the database can be copied: try again later")
}

// copyDatabase copies the database into a temporary file. It returns the path of the file, and the names of the objects
// to which the copy refers.
func (b *backupRun) copyDatabase(ctx context.Context) (path string, objects []string, err error) {
	if b.config.databaseURL == "" {
		path = filepath.Join(b.dir, "charla.db")
		defer logGrowth(path)()
		objects, err = b.store.CopySQLite(ctx, path)
		return path, objects, err
	}
	path = filepath.Join(b.dir, "charla.dump")
	defer logGrowth(path)()
	objects, err = b.store.ExportSnapshot(ctx, func(snapshot string) error {
		return dumpPostgres(ctx, b.config.databaseURL, snapshot, path)
	})
	return path, objects, err
}

// logGrowth logs the size of a file every progressInterval until the returned function is called.
func logGrowth(path string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	go chat.Every(ctx, progressInterval, func() {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			slog.Info("backup: copying the database", "megabytes", info.Size()>>20)
		}
	})
	return cancel
}

// dumpPostgres runs pg_dump for a snapshot of a database. It passes the password in the environment, because other
// users of the machine can read arguments.
func dumpPostgres(ctx context.Context, databaseURL, snapshot, path string) error {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return err
	}
	password, hasPassword := u.User.Password()
	if hasPassword {
		u.User = url.User(u.User.Username())
	}
	c := exec.CommandContext(ctx, "pg_dump",
		"--format=custom", "--snapshot="+snapshot, "--file="+path, "--dbname="+u.String())
	c.Env = os.Environ()
	if hasPassword {
		c.Env = append(c.Env, "PGPASSWORD="+password)
	}
	out, err := c.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("the program pg_dump is needed to back up PostgreSQL: install it, or run it on another " +
			"machine as docs/operating.md says")
	}
	if err != nil {
		return fmt.Errorf("pg_dump: %w: %s", err, out)
	}
	return os.Chmod(path, 0o600)
}

// addFile adds a file to the top of the archive.
func addFile(archive *tar.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: filepath.Base(path), Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(archive, file)
	return err
}

// progressInterval is how often a backup logs how much it has written.
const progressInterval = 5 * time.Second

// progressWriter counts what a backup writes, logs it from time to time, and fails when ctx has ended.
type progressWriter struct {
	ctx    context.Context
	next   io.Writer
	run    *backupRun
	logged time.Time
}

func (w *progressWriter) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.next.Write(p)
	w.run.written += int64(n)
	if time.Since(w.logged) >= progressInterval {
		w.logged = time.Now()
		slog.Info("backup: writing", "megabytes", w.run.written>>20)
	}
	return n, err
}
