package db_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"

	"modernc.org/sqlite"
)

// TestTwoProcesses opens one directory from two processes. The second is this test binary, told by the environment.
func TestTwoProcesses(t *testing.T) {
	if dir := os.Getenv("CHARLA_TEST_SECOND"); dir != "" {
		_, err := db.OpenSQLite(t.Context(), dir)
		if err == nil {
			t.Fatal("opened")
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
	is(t, err, nil)
	line, _, _ := strings.Cut(string(out), "PASS")
	equal(t, strings.TrimSpace(line), "another Charla is running on "+dir+": stop it first, or choose another directory")

	register(t, first, "ana")
	is(t, first.Close(), nil)
	again, err := db.OpenSQLite(t.Context(), dir)
	is(t, err, nil)
	defer again.Close()
	_, err = again.User(t.Context(), 1)
	is(t, err, nil)
}

// TestPrivate: nobody else on the machine reads what people write.
func TestPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s, err := db.OpenSQLite(t.Context(), dir)
	is(t, err, nil)
	defer s.Close()
	for _, name := range []string{"", "charla.db", "charla.db-wal"} {
		info, err := os.Stat(filepath.Join(dir, name))
		is(t, err, nil)
		equal(t, info.Mode().Perm()&0o077, 0)
	}
}

// TestDurable holds what P1 rests on.
func TestDurable(t *testing.T) {
	lite := dbtest.SQLite(t)
	is(t, lite.InTx(t.Context(), func(chat.Tx) error { return nil }), nil)
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
	s = openURL(t, dbtest.Postgres(t)+"&statement_timeout=3s")
	equal(t, db.Column[string](t, s, `SELECT current_setting('statement_timeout')`)[0], "3s")
}

// TestDiskFull: a full disk is Unavailable, what is there stays readable, and room on the disk is all it needs.
func TestDiskFull(t *testing.T) {
	s := dbtest.SQLite(t)
	ana := register(t, s, "ana")
	before := s.Pragma(t, "max_page_count")
	s.Raw(t, "PRAGMA max_page_count = 1") // SQLite takes what the file has already
	var err error
	for n := 0; err == nil; n++ {
		if n == 1000 {
			t.Fatal("the disk is never full")
		}
		err = s.InTx(t.Context(), func(tx chat.Tx) error {
			return insert(t.Context(), tx, chat.General, ana.ID, fmt.Sprint(n))
		})
	}
	unavailable(t, err)
	stored := count(t, s)
	equal(t, lastSeqOf(t, s, chat.General), int64(stored)+1)
	s.Raw(t, "PRAGMA max_page_count = "+before)
	post(t, s, chat.General, ana, "there is room again", 1)
	equal(t, count(t, s), stored+1)
}

// TestTheFileIsTakenAway: nothing is written into a file that goes with the process, and what it holds is read on.
func TestTheFileIsTakenAway(t *testing.T) {
	dir := t.TempDir()
	s, err := db.OpenSQLite(t.Context(), dir)
	is(t, err, nil)
	defer s.Close()
	ana := register(t, s, "ana")
	path, aside := filepath.Join(dir, "charla.db"), filepath.Join(dir, "aside")
	refused := func() {
		t.Helper()
		unavailable(t, s.InTx(t.Context(), func(tx chat.Tx) error { return insert(t.Context(), tx, chat.General, ana.ID, "in vain") }))
		if s.InPlace() == nil {
			t.Error("it seems to be in its place")
		}
		_, err := s.User(t.Context(), ana.ID)
		is(t, err, nil)
	}
	readers := s.Pools()["read"]
	equal(t, readers.Idle, readers.MaxOpenConnections) // who reads later would find no file to open
	is(t, s.InPlace(), nil)
	is(t, os.Rename(path, aside), nil)
	refused()
	is(t, os.WriteFile(path, nil, 0o600), nil)
	refused()
	is(t, os.Rename(aside, path), nil)
	is(t, s.InPlace(), nil)
	post(t, s, chat.General, ana, "it is back", 1)
	equal(t, count(t, s), 1)
	is(t, dbtest.OpenPostgres(t).InPlace(), nil)
}

// TestANewerSchema: a program does not go back alone, and a node of the version before may start beside the new ones.
func TestANewerSchema(t *testing.T) {
	dir, url := t.TempDir(), dbtest.Postgres(t)
	lite := func() (*db.Store, error) { return db.OpenSQLite(t.Context(), dir) }
	postgres := func() (*db.Store, error) { return db.OpenPostgres(t.Context(), url) }
	for _, open := range []func() (*db.Store, error){lite, postgres} {
		s, err := open()
		is(t, err, nil)
		s.Raw(t, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9000, $1)`, true)
		is(t, s.Close(), nil)
	}
	if _, err := lite(); err == nil || !strings.Contains(err.Error(), "a newer Charla has brought the schema to version 9000, and this one knows ") {
		t.Errorf("SQLite: %v", err)
	}
	s, err := postgres()
	is(t, err, nil)
	is(t, s.Ping(t.Context()), nil)
	is(t, s.Close(), nil)
}

// TestSameColumns: the migrations of both databases make the same tables with the same columns.
func TestSameColumns(t *testing.T) {
	lite := db.Column[string](t, dbtest.SQLite(t), `
		SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version'
		ORDER BY 1`)
	postgres := db.Column[string](t, dbtest.OpenPostgres(t), `
		SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'goose_db_version'
		ORDER BY 1`)
	if len(lite) == 0 || !slices.Equal(lite, postgres) {
		t.Fatalf("the schemas differ:\n%v\n%v", lite, postgres)
	}
}

// TestNodesStartTogether: several nodes migrate one empty database at once, and all of them run.
func TestNodesStartTogether(t *testing.T) {
	t.Parallel()
	server := dbtest.NewServer(t)
	for _, err := range together(3, func(int) error {
		s, err := db.OpenPostgres(t.Context(), server.URL("postgres"))
		if err != nil {
			return err
		}
		return s.Close()
	}) {
		is(t, err, nil)
	}
	s := openURL(t, server.URL("postgres"))
	equal(t, lastSeqOf(t, s, chat.General), 0)
	equal(t, len(db.Column[int64](t, s, `SELECT id FROM rooms`)), 1)
}
