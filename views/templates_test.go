package views

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// readTemplates reads all templates by name.
func readTemplates(t *testing.T) map[string]string {
	names, err := filepath.Glob("*.templ")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return files
}

// TestRawMarkupOnlyInMessages checks that only messages.templ inserts markup that no component wrote.
func TestRawMarkupOnlyInMessages(t *testing.T) {
	for name, text := range readTemplates(t) {
		if n := strings.Count(text, "templ.Raw"); n > 1 || n == 1 && name != "messages.templ" {
			t.Errorf("%s uses templ.Raw %d times", name, n)
		}
	}
}

// TestNoInlineScriptsOrStyles checks that no template contains inline scripts or styles, which the
// Content-Security-Policy forbids.
func TestNoInlineScriptsOrStyles(t *testing.T) {
	inline := regexp.MustCompile(`<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|<script[^>]*>[^<]`)
	for name, text := range readTemplates(t) {
		if name == "emails.templ" { // mail programs do not load stylesheets
			text = strings.Replace(text, "<style>", "", 1)
		}
		if found := inline.FindString(text); found != "" {
			t.Errorf("%s contains %q", name, found)
		}
	}
}

// TestDOMIDsAreConstants checks that templates use the constants in dom_ids.go, so that fragments and pages agree.
func TestDOMIDsAreConstants(t *testing.T) {
	literal := regexp.MustCompile(`\sid="[^"]+"|[":]#[a-z]`)
	for name, text := range readTemplates(t) {
		if found := literal.FindString(text); found != "" {
			t.Errorf("%s contains a literal id: %q", name, found)
		}
	}
}
