package handlers

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"charla/handlers/stream"
	"charla/live"
)

// TestGeneratedDocsAreFresh fails if a file in docs is not what the routes and events say.
func TestGeneratedDocsAreFresh(t *testing.T) {
	docs, err := GeneratedDocs("../docs")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range docs {
		got, err := os.ReadFile(filepath.Join("../docs", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("docs/%s is stale: run make generate", name)
		}
	}
}

// TestEveryEndIsDocumented checks that the events that end a stream stand in docs/stream.md, for browsers too.
func TestEveryEndIsDocumented(t *testing.T) {
	var wire strings.Builder
	for reason := live.EndSlow; reason <= live.EndResync; reason++ {
		wire.Write(stream.HTMLEvents{}.End(reason))
	}
	documented := map[string]bool{}
	for _, e := range stream.Docs {
		documented[e.Name] = e.Browsers
	}
	for _, m := range regexp.MustCompile("(?m)^event: (.+)$").FindAllStringSubmatch(wire.String(), -1) {
		if !documented[m[1]] {
			t.Errorf("the event %q is sent to browsers, but stream.Docs does not say so", m[1])
		}
	}
}
