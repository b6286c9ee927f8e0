package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDeployFilesUseKnownSettings checks that the files in deploy/ use only settings of Charla, and that Caddy
// forwards to every node.
func TestDeployFilesUseKnownSettings(t *testing.T) {
	files, _ := filepath.Glob("../../deploy/*")
	if len(files) < 4 {
		t.Fatalf("deploy/ has %v", files)
	}
	setting := regexp.MustCompile(`\b(?:CHARLA|DATABASE|NATS|S3|SMTP)_[A-Z_]+\b`)
	text := map[string]string{}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text[filepath.Base(path)] = string(b)
		for _, name := range setting.FindAllString(string(b), -1) {
			if name != "NATS_PASSWORD" && !slices.ContainsFunc(options, func(o option) bool { return o.env == name }) {
				t.Errorf("%s uses %s, which is not a setting of Charla", path, name)
			}
		}
	}
	for _, node := range regexp.MustCompile(`(?m)^  (charla-\d+):`).FindAllStringSubmatch(text["compose.yaml"], -1) {
		if !strings.Contains(text["Caddyfile"], node[1]+":8080") {
			t.Errorf("the Caddyfile does not forward to %s", node[1])
		}
	}
}
