// Command gen-docs writes docs/http.md, docs/stream.md and docs/openapi.json from the routes and events of the program.
// It runs in the directory of the module.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"charla/handlers"
)

func main() {
	if err := run("docs"); err != nil {
		fmt.Fprintln(os.Stderr, "gen-docs:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	docs, err := handlers.GeneratedDocs(dir)
	if err != nil {
		return err
	}
	for name, content := range docs {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
