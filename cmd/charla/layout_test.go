package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// packageRules are the design: what each package may import of ours, and what it must not reach by any way. Everything that
// the program is made of stands here.
var packageRules = map[string]struct{ may, never string }{
	"charla/markdown":               {never: "database/sql net/http html/template github.com/labstack/echo/v4 github.com/a-h/templ"},
	"charla/chat":                   {may: "charla/markdown", never: "database/sql net/http html/template github.com/labstack/echo/v4 github.com/a-h/templ"},
	"charla/emoji":                  {never: "database/sql net/http github.com/labstack/echo/v4 github.com/a-h/templ"},
	"charla/views":                  {may: "charla/chat charla/emoji", never: "github.com/labstack/echo/v4 database/sql"},
	"charla/live":                   {may: "charla/chat charla/live/internal/hijacked", never: "database/sql github.com/labstack/echo/v4 github.com/nats-io/nats-server/v2/server"},
	"charla/live/internal/hijacked": {never: "database/sql net/http github.com/labstack/echo/v4 github.com/nats-io/nats.go"},
	"charla/images":                 {may: "charla/chat", never: "database/sql net/http os/exec github.com/labstack/echo/v4 github.com/minio/minio-go/v7"},
	"charla/storage":                {may: "charla/chat charla/images", never: "database/sql github.com/labstack/echo/v4 github.com/a-h/templ"},
	"charla/migrations":             {},
	"charla/static":                 {},
	"charla/notify/email":           {never: "database/sql github.com/labstack/echo/v4 github.com/a-h/templ"},
	"charla/notify/ntfy":            {never: "database/sql github.com/labstack/echo/v4 github.com/a-h/templ"},
	"charla/notify":                 {may: "charla/chat charla/notify/email charla/notify/ntfy charla/views", never: "database/sql github.com/labstack/echo/v4"},
	"charla/db":                     {may: "charla/chat charla/migrations", never: "github.com/labstack/echo/v4 github.com/a-h/templ"},
	"charla/handlers/web":           {may: "charla/chat charla/views charla/static", never: "charla/db charla/live database/sql"},
	"charla/handlers/stream":        {may: "charla/chat charla/handlers/web charla/live charla/views", never: "charla/db database/sql"},
	"charla/handlers": {may: "charla/chat charla/emoji charla/handlers/stream charla/handlers/web charla/live charla/static charla/views",
		never: "charla/db charla/migrations charla/storage charla/images database/sql github.com/jmoiron/sqlx github.com/lib/pq modernc.org/sqlite github.com/pressly/goose/v3"},
	"charla/metrics":    {may: "charla/live", never: "github.com/labstack/echo/v4 github.com/jmoiron/sqlx"},
	"charla/cmd/charla": {may: "charla/chat charla/notify charla/db charla/storage charla/handlers charla/handlers/web charla/live charla/notify/email charla/metrics charla/notify/ntfy charla/views charla/static charla/migrations"},
}

// goList returns the packages and what each imports, or with "Deps" all that it needs.
func goList(t *testing.T, what string) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .`+what+` " "}}`, "charla/...").Output()
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

func TestImportDirections(t *testing.T) {
	imports, deps := goList(t, "Imports"), goList(t, "Deps")
	for _, p := range deps["charla/cmd/charla"] {
		if _, known := packageRules[p]; strings.HasPrefix(p, "charla/") && !known {
			t.Errorf("%s is part of the program and not of the design", p)
		}
	}
	for p, a := range packageRules {
		if imports[p] == nil {
			t.Errorf("%s is missing", p)
		}
		for _, i := range imports[p] {
			if strings.HasPrefix(i, "charla/") && !slices.Contains(strings.Fields(a.may), i) {
				t.Errorf("%s imports %s", p, i)
			}
		}
		for _, never := range strings.Fields(a.never) {
			if slices.Contains(deps[p], never) {
				t.Errorf("%s needs %s", p, never)
			}
		}
	}
}

// Echo belongs to handlers, sqlx to db, S3 to files, NATS to live, which knows no HTTP, Prometheus to metrics; commands may know everything.
func TestLibraryUsers(t *testing.T) {
	for p, imports := range goList(t, "Imports") {
		for _, i := range imports {
			if strings.HasPrefix(i, "github.com/labstack/echo") && !strings.HasPrefix(p, "charla/handlers") && !strings.HasPrefix(p, "charla/cmd/") {
				t.Errorf("%s imports %s", p, i)
			}
			if strings.HasPrefix(i, "github.com/jmoiron/sqlx") && p != "charla/db" && !strings.HasPrefix(p, "charla/cmd/") {
				t.Errorf("%s imports %s", p, i)
			}
			if strings.HasPrefix(i, "github.com/minio/minio-go") && p != "charla/storage" || strings.HasPrefix(i, "github.com/prometheus") && p != "charla/metrics" {
				t.Errorf("%s imports %s", p, i)
			}
			if i == "net/http" && p == "charla/live" || strings.HasPrefix(i, "github.com/nats-io/nats.go") && p != "charla/live" {
				t.Errorf("%s imports %s", p, i)
			}
		}
	}
}
