package handlers_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// generatorPath is where .ci/needs installs the generator.
const generatorPath = "../build/tools/oapi-codegen@v2.8.2/oapi-codegen"

// TestGeneratedClient generates a Go client from openapi.json, compiles it with the program in testdata/generatedclient,
// and lets that program use a server: it registers, gets a token, posts, lists, reacts, uploads and follows the stream.
func TestGeneratedClient(t *testing.T) {
	t.Parallel()
	generator, err := filepath.Abs(generatorPath)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(generator); err != nil && os.Getenv("CI") != "true" {
		t.Skip("the generator of clients is missing, which .ci/needs installs: ", err)
	}
	s, module := openSQLite(t), t.TempDir()
	if err := os.CopyFS(module, os.DirFS("testdata/generatedclient")); err != nil {
		t.Fatal(err)
	}
	description := []byte(s.anonymous().get("/openapi.json").is(200).body)
	if err := os.WriteFile(filepath.Join(module, "openapi.json"), description, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(module, "api"), 0o700); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), name, args...)
		command.Dir, command.Env = module, append(os.Environ(), "GOWORK=off", "GOFLAGS=")
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", filepath.Base(name), err, out)
		}
	}
	run(generator, "-generate", "types,client", "-package", "api", "-o", "api/api.go", "openapi.json")
	run("go", "build", "-o", "program", ".")
	run(filepath.Join(module, "program"), s.URL)
}
