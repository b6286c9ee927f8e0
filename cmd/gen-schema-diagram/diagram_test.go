package main

import (
	"bytes"
	"os"
	"testing"
)

// TestDiagramIsCurrent fails if the schema was changed and the diagram was not drawn again.
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
		t.Fatalf("%s is stale: make er", outputPath)
	}
}
