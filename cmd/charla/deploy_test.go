package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What deploy/ sets is what Charla knows, and Caddy knows every node.
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
				t.Errorf("%s speaks of %s, which Charla does not know", path, name)
			}
		}
	}
	for _, node := range regexp.MustCompile(`(?m)^  (charla-\d+):`).FindAllStringSubmatch(text["compose.yaml"], -1) {
		if !strings.Contains(text["Caddyfile"], node[1]+":8080") {
			t.Errorf("Caddy does not know %s", node[1])
		}
	}
}
