package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"charla/chat"
)

func TestVersionIsFirstInChangelog(t *testing.T) {
	m := regexp.MustCompile(`(?m)^## (\S+)`).FindStringSubmatch(readFile(t, "../../CHANGELOG.md"))
	if m == nil || m[1] != chat.Version {
		t.Errorf("the first version in CHANGELOG.md is %q, chat.Version is %s", m, chat.Version)
	}
}

func TestVersionCommand(t *testing.T) {
	for _, arg := range []string{"version", "--version", "-version"} {
		code, stdout, stderr := runCommand(t, nil, arg)
		if code != 0 || !strings.HasPrefix(stdout, "charla "+chat.Version) || stderr != "" {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", arg, code, stdout, stderr)
		}
	}
}

// TestVersionNamesCommit builds the binary in this checkout, because a test binary has no commit.
func TestVersionNamesCommit(t *testing.T) {
	if info, err := os.Stat("../../.git"); err != nil || !info.IsDir() {
		t.Skip("go build records no commit here: .git is not a directory")
	}
	commit, err := exec.Command("git", "rev-parse", "HEAD").Output()
	if err != nil {
		t.Skip("this is not a Git checkout: ", err)
	}
	binary := filepath.Join(t.TempDir(), "charla")
	if out, err := exec.Command("go", "build", "-buildvcs=true", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	out, err := exec.Command(binary, "version").Output()
	want := "charla " + chat.Version + " (" + strings.TrimSpace(string(commit)) + ")\n"
	if err != nil || string(out) != want {
		t.Errorf("charla version printed %q, want %q, error %v", out, want, err)
	}
}

func TestVersionIsServed(t *testing.T) {
	s := startServer(t, context.Background(), withMetrics)
	var openAPI struct{ Info struct{ Version string } }
	if err := json.Unmarshal([]byte(s.get(t, "/openapi.json")), &openAPI); err != nil {
		t.Fatal(err)
	}
	if openAPI.Info.Version != chat.Version {
		t.Errorf("openapi.json has version %q, want %q", openAPI.Info.Version, chat.Version)
	}
	if got := s.scrape(t); !strings.Contains(got, `charla_build_info{version="`+chat.Version) {
		t.Errorf("/metrics does not show version %s", chat.Version)
	}
}
