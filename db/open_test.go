package db_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"

	"modernc.org/sqlite"
)

// TestTwoProcesses opens one directory from two processes. The second process is this test binary again, with an
// environment variable that names the directory.
func TestTwoProcesses(t *testing.T) {
	if dir := os.Getenv("CHARLA_TEST_SECOND"); dir != "" {
		_, err := db.OpenSQLite(t.Context(), dir)
		if err == nil {
			t.Fatal("a second process opened the directory")
		}
		os.Stdout.WriteString(err.Error())
		return
	}
	dir := filepath.Join(t.TempDir(), "new", "with space %20?#")
	first, err := db.OpenSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	second := exec.Command(os.Args[0], "-test.run=^TestTwoProcesses$")
	second.Env = append(os.Environ(), "CHARLA_TEST_SECOND="+dir)
	out, err := second.Output()
	wantErr(t, err, nil)
	line, _, _ := strings.Cut(string(out), "PASS")
	equal(t, strings.TrimSpace(line),
		"another Charla is running on "+dir+": stop it first, or choose another directory")

	createUser(t, first, "ana")
	wantErr(t, first.Close(), nil)
	again, err := db.OpenSQLite(t.Context(), dir)
	wantErr(t, err, nil)
	defer again.Close()
	_, err = again.User(t.Context(), 1)
	wantErr(t, err, nil)
}

// TestDatabaseFilesArePrivate checks that other users of the machine cannot read the database.
func TestDatabaseFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s, err := db.OpenSQLite(t.Context(), dir)
	wantErr(t, err, nil)
	defer s.Close()
	for _, name := range []string{"", "charla.db", "charla.db-wal"} {
		info, err := os.Stat(filepath.Join(dir, name))
		wantErr(t, err, nil)
		equal(t, info.Mode().Perm()&0o077, 0)
	}
}

// TestDurabilitySettings checks the settings that make commits durable (promise P1).
func TestDurabilitySettings(t *testing.T) {
	lite := dbtest.OpenSQLite(t)
	wantErr(t, lite.InTx(t.Context(), func(chat.Tx) error { return nil }), nil)
	equal(t, lite.Pragma(t, "synchronous"), "2") // FULL
	equal(t, lite.Pragma(t, "journal_mode"), "wal")
	equal(t, lite.Pragma(t, "foreign_keys"), "1")
	equal(t, sqlite.FdatasyncEnabled(), runtime.GOOS != "darwin" && runtime.GOOS != "windows")
	s := dbtest.OpenPostgres(t)
	for setting, want := range map[string]string{
		"synchronous_commit": "on", "statement_timeout": "10s", "lock_timeout": "5s",
		"idle_in_transaction_session_timeout": "15s",
	} {
		equal(t, db.Column[string](t, s, `SELECT current_setting($1)`, setting)[0], want)
	}
	s = openPostgresURL(t, dbtest.PostgresURL(t)+"&statement_timeout=3s")
	equal(t, db.Column[string](t, s, `SELECT current_setting('statement_timeout')`)[0], "3s")
}

// TestDiskFull fills the disk. Writes must return Unavailable, and must work again as soon as there is space.
func TestDiskFull(t *testing.T) {
	s := dbtest.OpenSQLite(t)
	ana := createUser(t, s, "ana")
	before := s.Pragma(t, "max_page_count")
	s.RawExec(t, "PRAGMA max_page_count = 1") // SQLite raises this to the current size of the file
	var err error
	for n := 0; err == nil; n++ {
		if n == 1000 {
			t.Fatal("the disk did not get full")
		}
		err = s.InTx(t.Context(), func(tx chat.Tx) error {
			return insertMessage(t.Context(), tx, chat.General, ana.ID, fmt.Sprint(n))
		})
	}
	wantUnavailable(t, err)
	stored := countMessages(t, s)
	equal(t, lastSeqOf(t, s, chat.General), int64(stored)+1)
	s.RawExec(t, "PRAGMA max_page_count = "+before)
	postMessage(t, s, chat.General, ana, "space again", 1)
	equal(t, countMessages(t, s), stored+1)
}

// TestDatabaseFileReplaced moves and replaces the database file of a running store. Writes must be refused, because
// they would be lost with the process; reads must go on.
func TestDatabaseFileReplaced(t *testing.T) {
	dir := t.TempDir()
	s, err := db.OpenSQLite(t.Context(), dir)
	wantErr(t, err, nil)
	defer s.Close()
	ana := createUser(t, s, "ana")
	path, aside := filepath.Join(dir, "charla.db"), filepath.Join(dir, "aside")
	refused := func() {
		t.Helper()
		wantUnavailable(t, s.InTx(t.Context(), func(tx chat.Tx) error {
			return insertMessage(t.Context(), tx, chat.General, ana.ID, "refused")
		}))
		if s.CheckFile() == nil {
			t.Error("CheckFile does not notice that the file was replaced")
		}
		_, err := s.User(t.Context(), ana.ID)
		wantErr(t, err, nil)
	}
	readers := s.PoolStats()["read"]
	equal(t, readers.Idle, readers.MaxOpenConnections) // a connection that opens later would find no file
	wantErr(t, s.CheckFile(), nil)
	wantErr(t, os.Rename(path, aside), nil)
	refused()
	wantErr(t, os.WriteFile(path, nil, 0o600), nil)
	refused()
	wantErr(t, os.Rename(aside, path), nil)
	wantErr(t, s.CheckFile(), nil)
	postMessage(t, s, chat.General, ana, "file restored", 1)
	equal(t, countMessages(t, s), 1)
	wantErr(t, dbtest.OpenPostgres(t).CheckFile(), nil)
}
