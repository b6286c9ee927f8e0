package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain lets the test binary act as charla, so that a test can run it as a process of its own.
func TestMain(m *testing.M) {
	diskCheckInterval, purgeInterval, purgeRestFactor = 20*time.Millisecond, 100*time.Millisecond, 1
	if interval, err := time.ParseDuration(os.Getenv("TEST_DISK_CHECK_INTERVAL")); err == nil {
		diskCheckInterval = interval
	}
	if os.Getenv("BE_CHARLA") != "" {
		main()
	}
	// The PostgreSQL server of dbtest runs as long as the tests.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("os/exec.(*Cmd).Wait"))
}

// syncBuffer is a buffer that a test may read while the program writes.
type syncBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (o *syncBuffer) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *syncBuffer) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func (o *syncBuffer) Reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b.Reset()
}

// runCommand runs charla with arguments that make it end by itself.
func runCommand(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs syncBuffer
	code = run(t.Context(), args, environ, &out, &errs)
	return code, out.String(), errs.String()
}

// lastLine returns the last line that is not empty.
func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

func TestHelp(t *testing.T) {
	for _, arg := range []string{"--help", "-h", "help", "admin -h"} {
		code, stdout, stderr := runCommand(t, nil, strings.Fields(arg)...)
		if code != 0 || stderr != "" {
			t.Errorf("%s: exit code %d, stderr %q", arg, code, stderr)
		}
		for _, c := range commands {
			if !strings.Contains(stdout, c.usage()+"\n      "+c.help) {
				t.Errorf("%s does not explain %q", arg, c.usage())
			}
		}
		for _, o := range options {
			if !strings.Contains(stdout, o.env) || !strings.Contains(stdout, "--"+o.flagName()) {
				t.Errorf("the help does not list %s", o.env)
			}
		}
	}
}

var invalidSettings = []string{
	"CHARLA_X=1", "CHARLA_ADR=:80", "CHARLA_=", "CHARLA_METRICS=1",
	"CHARLA_ADDR=8080", "CHARLA_ADDR=localhost", "CHARLA_METRICS_ADDR=9090", "CHARLA_METRICS_ADDR=:x",
	"CHARLA_BASE_URL=chat.example.org", "CHARLA_BASE_URL=ftp://x", "CHARLA_BASE_URL=https://x/path",
	"CHARLA_BASE_URL=https://", "CHARLA_TIMEZONE=Mars/Olympus", "CHARLA_TIMEZONE=../etc/passwd",
	"CHARLA_RATE=fast", "CHARLA_RATE=-1", "CHARLA_RATE=NaN", "CHARLA_RATE=Inf", "CHARLA_RATE=1e9",
	"CHARLA_TRUSTED_PROXIES=proxy", "CHARLA_TRUSTED_PROXIES=10.0.0.0/33",
	"CHARLA_SECURITY_CONTACT=somebody", "CHARLA_SECURITY_CONTACT=http://example.org/security",
	"DATABASE_URL=mysql://x", "DATABASE_URL=x.db",
	"NATS_URL=nats://127.0.0.1:4222", "NATS_URL=127.0.0.1:4222", "NATS_URL=nats://a,http://b", "NATS_URL=,",
	"SMTP_URL=mail.example.org", "SMTP_URL=smtp://u:geheim@h:0?from=a@b.c", "SMTP_URL=smtp://h",
	"SMTP_URL=smtp://h?from=x", "SMTP_URL=smtp://h?from=a@b.c&tls=perhaps", "SMTP_URL=smtp://h?from=a@b.c",
	"SMTP_URL=smtp://u:geheim@mail.example.org?from=a@b.c&tls=none",
	"CHARLA_NTFY_URL=ntfy.example.org", "CHARLA_NTFY_URL=https://ntfy.example.org",
	"CHARLA_TLS_CERT=c.pem", "CHARLA_TLS_KEY=k.pem",
	"CHARLA_TLS_DOMAIN=https://chat.example.org", "CHARLA_TLS_DOMAIN=localhost", "CHARLA_TLS_DOMAIN=*.example.org",
	"CHARLA_TLS_DOMAIN=192.0.2.7", "CHARLA_TLS_DOMAIN=2001:db8::7", "CHARLA_TLS_DOMAIN=[2001:db8::7]",
	"CHARLA_TLS_DOMAIN=127.1", "CHARLA_TLS_DOMAIN=a b.example.org", "CHARLA_TLS_DOMAIN=chat..org",
	"CHARLA_TLS_DOMAIN=chat.example.org,b.example.org", "CHARLA_TLS_DOMAIN=chat.example.org:443",
	"S3_URL=s3://bucket", "S3_URL=http://127.0.0.1:9000/bucket", "S3_URL=https://key:secret@s3.example.org",
	"S3_URL=https://key:secret@s3.example.org/b?acl=public",
	"CHARLA_FILE_SIZE=0", "CHARLA_FILE_SIZE=25MB", "CHARLA_FILES=1000", "CHARLA_QUOTA=-1",
}

// TestInvalidSettings checks that an invalid setting ends the start with exit code 2 and one line that names the
// setting and contains no secret.
func TestInvalidSettings(t *testing.T) {
	data := filepath.Join(t.TempDir(), "untouched")
	for _, setting := range invalidSettings {
		code, stdout, stderr := runCommand(t, []string{"CHARLA_DATA=" + data, setting})
		name, _, _ := strings.Cut(setting, "=")
		if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, name) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", setting, code, stdout, stderr)
		}
		if strings.Contains(stderr, "secret@") || strings.Contains(stderr, "geheim") {
			t.Errorf("%s: the error contains the secret: %q", setting, stderr)
		}
	}
	for _, test := range []struct{ line, stderr string }{
		{"--adress :1", "usage: charla serve [settings]\n"},
		{"--rate", "usage: charla serve [settings]\n"},
		{"--rate x", "charla: CHARLA_RATE must be a number"},
		{"--data d extra", "usage: charla serve [settings]\n"},
		{"serve extra", "usage: charla serve [settings]\n"},
		{"backpu x", "  charla admin ADDRESS [settings]\n      Make the person"},
		{"admin", "usage: charla admin ADDRESS [settings]\n"},
		{"admin a@example.org b@example.org", "usage: charla admin ADDRESS [settings]\n"},
		{"admin ana", "usage: charla admin ADDRESS [settings]\n"},
		{"admin a@example.org --force", "usage: charla admin ADDRESS [settings]\n"},
		{"reset-password", "usage: charla reset-password ADDRESS [settings]\n"},
		{"rotate-keys now", "usage: charla rotate-keys [settings]\n"},
	} {
		code, stdout, stderr := runCommand(t, []string{"CHARLA_DATA=" + data}, strings.Fields(test.line)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, test.stderr) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", test.line, code, stdout, stderr)
		}
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("a refused start created the data directory")
	}
}

// TestUnusableSettings checks that a setting which is valid but does not work ends the start with exit code 1, and
// that the last line names the setting.
func TestUnusableSettings(t *testing.T) {
	used, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	usedAddr, closedAddr := used.Addr().String(), closed.Addr().String()
	dir := t.TempDir()
	file, noDatabase := filepath.Join(dir, "file"), filepath.Join(dir, "no-database")
	noFiles := filepath.Join(dir, "no-files")
	for _, path := range []string{file, filepath.Join(noDatabase, "charla.db"), filepath.Join(noFiles, "files")} {
		os.MkdirAll(filepath.Dir(path), 0o700)
		if err := os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, setting := range []string{
		"CHARLA_ADDR=" + usedAddr, "CHARLA_METRICS_ADDR=" + usedAddr,
		"CHARLA_DATA=" + file, "CHARLA_DATA=" + noDatabase, "CHARLA_DATA=" + noFiles,
		"DATABASE_URL=postgres://u:geheim@" + closedAddr + "/charla",
		"DATABASE_URL=postgres://u:geheim@127.0.0.1/charla?sslmode=perhaps",
		"S3_URL=http://key:geheim@" + closedAddr + "/bucket", "S3_URL=http://key:geheim@127.0.0.1/b",
	} {
		environ := []string{"CHARLA_ADDR=127.0.0.1:0", "CHARLA_DATA=" + filepath.Join(t.TempDir(), "data"), setting}
		code, stdout, stderr := runCommand(t, environ)
		name, _, _ := strings.Cut(setting, "=")
		if code != 1 || stdout != "" || !strings.HasPrefix(lastLine(stderr), "charla: "+name+": ") {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", setting, code, stdout, stderr)
		}
		if strings.Contains(stderr, "geheim") {
			t.Errorf("%s: the error contains the password: %q", setting, stderr)
		}
	}
}

func TestSettings(t *testing.T) {
	c, _, err := loadConfig(commands[0], []string{"--rate", "3", "--base-url=https://chat.example.org/"}, []string{
		"CHARLA_RATE=2", "CHARLA_ADDR=:9", "CHARLA_DATA=", "CHARLA_TRUSTED_PROXIES= 10.0.0.0/8, ::1 ,192.0.2.1",
		"CHARLA_TIMEZONE=Europe/Madrid", "CHARLAX=1", "HOME=/",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.rate != 3 {
		t.Errorf("the rate is %v, but the flag takes precedence over the environment", c.rate)
	}
	if c.addr != ":9" || c.data != "./data" || c.baseURL.Host != "chat.example.org" ||
		c.timezone.String() != "Europe/Madrid" {
		t.Errorf("the configuration is %+v", c)
	}
	var proxies []string
	for _, network := range c.trustedProxies {
		proxies = append(proxies, network.String())
	}
	if got := strings.Join(proxies, " "); got != "10.0.0.0/8 ::1/128 192.0.2.1/32" {
		t.Errorf("the trusted proxies are %s", got)
	}
}

func TestSecondProcessOnSameDirectory(t *testing.T) {
	first := startServer(t, context.Background())
	code, stdout, stderr := runCommand(t, []string{"CHARLA_DATA=" + first.dataDir, "CHARLA_ADDR=127.0.0.1:0"}, "serve")
	if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 ||
		!strings.Contains(stderr, "another Charla is running on "+first.dataDir) {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	addr := strings.TrimPrefix(first.url, "http://")
	code, _, stderr = runCommand(t, []string{"CHARLA_DATA=" + t.TempDir(), "CHARLA_ADDR=" + addr})
	if last := lastLine(stderr); code != 1 || !strings.Contains(last, "address already in use") {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	first.get(t, "/readyz")
}

// TestSIGTERM checks that a process which receives SIGTERM ends its streams and exits with code 0.
func TestSIGTERM(t *testing.T) {
	c := exec.Command(os.Args[0])
	var out syncBuffer
	c.Env = append(os.Environ(), "BE_CHARLA=1", "CHARLA_ADDR=127.0.0.1:0", "CHARLA_DATA="+t.TempDir())
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	s := &testServer{url: waitForURL(t, &out)}
	s.newClient(t)
	s.register(t, "ana@example.org")
	stream := s.openStream(t)
	stream.readUntil(t, "online-count")
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	stream.readUntil(t, "event: restart\nretry: ")
	stream.expectEnd(t)
	if err := c.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
}
