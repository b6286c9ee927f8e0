package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// nginxConfig is the rest of nginx's configuration around a location. Its arguments are a directory, the address of
// Charla, the port to listen on, and the location.
const nginxConfig = `
daemon off; master_process off; pid %[1]s/pid; error_log stderr;
events {}
http {
	access_log off; client_body_temp_path %[1]s/1; proxy_temp_path %[1]s/2; fastcgi_temp_path %[1]s/3;
	uwsgi_temp_path %[1]s/4; scgi_temp_path %[1]s/5;
	upstream backend { server %[2]s; }
	server { listen 127.0.0.1:%[3]d; %[4]s }
}`

// startProxy starts one of the reverse proxies that .ci/needs unpacks, and returns its URL. config returns its
// configuration for a port.
func startProxy(t *testing.T, program string, config func(dir string, port int) string, args ...string) string {
	t.Helper()
	path, err := filepath.Abs("../../build/tools/proxies/usr/" + program)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil && os.Getenv("CI") != "true" {
		t.Skip("the proxy is missing, which .ci/needs unpacks: ", err)
	}
	dir, port := t.TempDir(), freePort(t)
	file := filepath.Join(dir, "config")
	if err := os.WriteFile(file, []byte(config(dir, port)), 0o600); err != nil {
		t.Fatal(err)
	}
	var out syncBuffer
	c := exec.Command(path, append(args, file)...)
	c.Dir, c.Stdout, c.Stderr, c.Env = dir, &out, &out, append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for range 500 {
		if status, _ := getThrough(url, "/readyz"); status == http.StatusOK {
			return url
		}
		<-look.C
	}
	t.Fatalf("%s does not reach Charla:\n%s", program, &out)
	return ""
}

// getThrough requests a path of chat.example.org from a proxy. It returns status 0 if the proxy does not answer.
func getThrough(proxy, path string) (status int, body string) {
	r, err := http.NewRequest(http.MethodGet, proxy+path, nil)
	if err != nil {
		return 0, err.Error()
	}
	r.Host, r.Close = "chat.example.org", true
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// TestBehindProxies starts Charla behind nginx as it is by default, behind nginx as docs/operating.md configures it, and
// behind Caddy with deploy/Caddyfile.
func TestBehindProxies(t *testing.T) {
	s := startServer(t, context.Background(), "CHARLA_BASE_URL=http://chat.example.org",
		"CHARLA_TRUSTED_PROXIES=127.0.0.1")
	address := regexp.MustCompile(`listening on (\S+)\)`).FindStringSubmatch(s.stdout.String())[1]
	nginx := func(location string) func(dir string, port int) string {
		return func(dir string, port int) string {
			return fmt.Sprintf(nginxConfig, dir, address, port, location)
		}
	}
	t.Run("nginx by default", func(t *testing.T) {
		url := startProxy(t, "sbin/nginx", nginx("location / { proxy_pass http://backend; }"), "-e", "stderr", "-c")
		status, body := getThrough(url, "/login")
		if status != http.StatusMisdirectedRequest || !strings.Contains(body, "CHARLA_BASE_URL") ||
			!strings.Contains(body, "proxy_set_header Host $host") {
			t.Errorf("status %d: %s", status, body)
		}
	})
	t.Run("nginx as documented", func(t *testing.T) {
		location := strings.Join(docBlocks(t, "Behind a proxy"), "\n")
		location = strings.Replace(location, "http://127.0.0.1:8080", "http://backend", 1)
		url := startProxy(t, "sbin/nginx", nginx(location), "-e", "stderr", "-c")
		if status, body := getThrough(url, "/login"); status != http.StatusOK {
			t.Errorf("status %d: %s", status, body)
		}
	})
	t.Run("Caddy", func(t *testing.T) {
		text, err := os.ReadFile("../../deploy/Caddyfile")
		if err != nil {
			t.Fatal(err)
		}
		url := startProxy(t, "bin/caddy", func(_ string, port int) string {
			return "{\n\tadmin off\n}\n" + strings.NewReplacer(
				"{$DOMAIN}", fmt.Sprintf("http://chat.example.org:%d", port),
				"charla-1:8080 charla-2:8080 charla-3:8080", address).Replace(string(text))
		}, "run", "--adapter", "caddyfile", "--config")
		if status, body := getThrough(url, "/login"); status != http.StatusOK {
			t.Errorf("status %d: %s", status, body)
		}
	})
	if s.stop(); <-s.exitCode != 0 {
		t.Errorf("log:\n%s", s.stderr)
	}
}
