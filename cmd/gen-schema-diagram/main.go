// Command charla-er draws docs/er.svg, the diagram of the database, from the schema that the migrations make. Run it
// at the top of the repository after a new migration: go run ./cmd/charla-er
package main

import (
	"context"
	"log"
	"os"
)

const outputPath = "docs/er.svg"

func main() {
	log.SetFlags(0)
	tables, err := readSchema(context.Background())
	if err == nil {
		err = os.WriteFile(outputPath, draw(tables), 0o644)
	}
	if err != nil {
		log.Fatal("charla-er: ", err)
	}
}
