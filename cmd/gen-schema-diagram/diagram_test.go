package main

import (
	"bytes"
	"os"
	"testing"
)

// TestDiagramIsCurrent fails when a migration changed the schema and nobody drew it again.
func TestDiagramIsCurrent(t *testing.T) {
	tables, err := readSchema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) == 0 {
		t.Fatal("the schema has no tables")
	}
	stored, err := os.ReadFile("../../" + outputPath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, draw(tables)) {
		t.Fatalf("%s is not what the migrations make: go run ./cmd/charla-er", outputPath)
	}
}
