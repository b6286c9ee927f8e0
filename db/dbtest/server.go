package dbtest

import (
	"database/sql"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Server is a PostgreSQL cluster in a temporary directory, which also contains its Unix socket. The cluster stops when
// the test binary ends, even if that is killed.
type Server struct {
	dir, bin   string
	credential *syscall.Credential
	process    *exec.Cmd
	exited     chan struct{} // closed when the process has ended
	lifeline   io.Closer     // closing it makes the watchdog stop the server
}

// NewServer returns a running cluster that a test can stop and kill. If PostgreSQL is not installed, it skips the test,
// or fails it if CI=true.
func NewServer(t testing.TB) *Server {
	t.Helper()
	s := newCluster(t)
	t.Cleanup(func() { s.lifeline.Close() })
	s.Start(t)
	return s
}

// URL returns the URL of a database of the cluster. The database postgres always exists.
func (s *Server) URL(database string) string {
	return "postgres:///" + database + "?user=charla&sslmode=disable&host=" + s.dir
}

// Environ returns environment variables with which commands find PostgreSQL's client programs and connect to the
// server.
func (s *Server) Environ() []string {
	return []string{"PATH=" + s.bin + ":" + os.Getenv("PATH"), "PGHOST=" + s.dir, "PGUSER=charla"}
}

// Socket returns the path of the server's Unix socket.
func (s *Server) Socket() string { return filepath.Join(s.dir, ".s.PGSQL.5432") }

// Start starts the server and waits until it answers. After Kill it tries again and again until the last old backend
// process has ended.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	pool, err := sql.Open("postgres", s.URL("postgres")+"&connect_timeout=2")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	s.startProcess(t)
	Eventually(t, "PostgreSQL to answer; see "+s.dir+"/log", func() bool {
		select {
		case <-s.exited:
			s.startProcess(t)
		default:
		}
		return pool.Ping() == nil
	})
}

// startProcess starts the server process. fsync is off, because it protects only against a power failure, not against
// Kill.
func (s *Server) startProcess(t testing.TB) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s.process = s.command("postgres", "-D", s.dataDir(), "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=off",
		"-c", "max_connections=200")
	s.process.Stdout, s.process.Stderr = log, log
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	s.exited = exited
	go func(p *exec.Cmd) { p.Wait(); close(exited) }(s.process)
}

// Stop shuts the server down in the normal way: it closes connections and rolls back transactions.
func (s *Server) Stop(t testing.TB) { s.signalAndWait(t, syscall.SIGINT) }

// Kill sends SIGKILL to the server and to all backend processes, which would otherwise answer a little longer.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	pid := strconv.Itoa(s.process.Process.Pid)
	backends, err := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
	if err != nil {
		t.Skip("cannot list the backend processes of the server: ", err)
	}
	s.signalAndWait(t, syscall.SIGKILL)
	for _, backend := range strings.Fields(string(backends)) {
		if pid, err := strconv.Atoi(backend); err == nil {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func (s *Server) signalAndWait(t testing.TB, signal os.Signal) {
	t.Helper()
	if err := s.process.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	<-s.exited
}

// SetStandby makes the server a standby, which takes no writes, or a primary again. The change takes effect at the next
// Start.
func (s *Server) SetStandby(t testing.TB, on bool) {
	t.Helper()
	signal := filepath.Join(s.dataDir(), "standby.signal")
	err := os.Remove(signal)
	if on {
		if err = os.WriteFile(signal, nil, 0o600); err == nil {
			err = os.Chmod(signal, 0o666) // the server may run as another user
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (s *Server) dataDir() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir = s.dir
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential, Setpgid: true}
	return c
}

// newCluster initializes a cluster without starting it.
func newCluster(t testing.TB) *Server {
	t.Helper()
	s := &Server{bin: findPostgres(t), credential: serverCredential(t)}
	dir, err := os.MkdirTemp("", "charla-pg-")
	if err != nil {
		t.Fatal(err)
	}
	s.dir = dir
	if s.credential != nil {
		if err := os.Chown(dir, int(s.credential.Uid), int(s.credential.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	s.startWatchdog(t)
	out, err := s.command("initdb", "-D", s.dataDir(), "-U", "charla", "-A", "trust", "-E", "UTF8", "--locale=C", "-N").
		CombinedOutput()
	if err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	return s
}

// startWatchdog starts a process that waits for the end of its input. Its input ends with this test binary, even if
// that is killed. The watchdog then stops the server and removes the server's directory.
func (s *Server) startWatchdog(t testing.TB) {
	t.Helper()
	c := exec.Command(
		"/bin/sh",
		"-c",
		`cat; kill -QUIT "$(head -n 1 data/postmaster.pid)"; cd /
			for i in 1 2 3 4 5; do rm -rf "$0" && break; sleep 1; done`,
		s.dir,
	)
	c.Dir = s.dir
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential, Setpgid: true}
	life, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.lifeline = life
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go c.Wait()
}

func findPostgres(t testing.TB) string {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1])
	}
	const missing = "PostgreSQL is not installed: initdb is neither in /usr/lib/postgresql/*/bin nor in PATH"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// serverCredential returns the operating system user that runs the server, because PostgreSQL refuses to run as root.
// It returns nil if the current user can run the server.
func serverCredential(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	t.Fatal("PostgreSQL does not run as root, and there is no user postgres or nobody")
	return nil
}
