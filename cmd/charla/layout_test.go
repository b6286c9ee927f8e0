package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows lists the packages of the program and which other packages of Charla each of them may import.
const arrows = `
handlers               → handlers/web handlers/stream views live chat emoji static
handlers/stream        → handlers/web views live chat
handlers/web           → views chat static
views                  → chat emoji
notify                 → chat views notify/email notify/ntfy
notify/email           →
notify/ntfy            →
live                   → chat live/internal/hijacked
live/internal/hijacked →
storage                → chat images
images                 → chat
db                     → chat migrations tokenizer
metrics                → live
chat                   → markdown tokenizer
markdown               →
tokenizer              →
emoji                  →
migrations             →
static                 →
`

// libraries maps packages of others to the packages of the program that may depend on them, directly or through other
// packages. Commands may depend on everything.
var libraries = map[string]string{
	"database/sql":                 "db metrics",
	"net/http":                     "handlers handlers/web handlers/stream views live notify notify/ntfy metrics static storage",
	"html/template":                "handlers handlers/web handlers/stream views notify notify/email",
	"os/exec":                      "db notify notify/email storage", // their dependencies import it
	"testing":                      "",
	"github.com/a-h/templ":         "handlers handlers/web handlers/stream views notify",
	"github.com/jmoiron/sqlx":      "db",
	"github.com/labstack/echo/v4":  "handlers handlers/web handlers/stream",
	"github.com/lib/pq":            "db",
	"github.com/minio/minio-go/v7": "storage",
	"github.com/nats-io/nats.go":   "live handlers handlers/stream metrics",
	"github.com/pressly/goose/v3":  "db",
	"github.com/wneessen/go-mail":  "notify notify/email",
	"modernc.org/sqlite":           "db",

	"github.com/nats-io/nats-server/v2/server":       "",
	"github.com/prometheus/client_golang/prometheus": "metrics",
}

// goList returns, for every package of the module, what a template prints about it.
func goList(t *testing.T, template string) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} "+template, "charla/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		packages[words[0]] = words[1:]
	}
	return packages
}

func parseArrows() map[string][]string {
	allowed := map[string][]string{}
	for line := range strings.Lines(strings.TrimSpace(arrows)) {
		from, to, _ := strings.Cut(line, "→")
		allowed[strings.TrimSpace(from)] = strings.Fields(to)
	}
	return allowed
}

func TestImportDirections(t *testing.T) {
	allowed, imports := parseArrows(), goList(t, `{{join .Imports " "}}`)
	for _, p := range goList(t, `{{join .Deps " "}}`)["charla/cmd/charla"] {
		name, ours := strings.CutPrefix(p, "charla/")
		if _, known := allowed[name]; ours && !known {
			t.Errorf("%s is part of the program, but has no line in arrows", name)
		}
	}
	for name, targets := range allowed {
		if imports["charla/"+name] == nil {
			t.Errorf("%s has a line in arrows, but does not exist", name)
		}
		for _, i := range imports["charla/"+name] {
			if target, ours := strings.CutPrefix(i, "charla/"); ours && !slices.Contains(targets, target) {
				t.Errorf("%s imports %s, which arrows does not allow", name, target)
			}
		}
	}
}

func TestLibraryUsers(t *testing.T) {
	deps := goList(t, `{{join .Deps " "}}`)
	for name := range parseArrows() {
		for _, d := range deps["charla/"+name] {
			users, restricted := libraries[d]
			if restricted && !slices.Contains(strings.Fields(users), name) {
				t.Errorf("%s depends on %s, which only these packages may: %s", name, d, users)
			}
		}
	}
}
