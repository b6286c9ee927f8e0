// Command gen-schema-diagram draws docs/er.svg, the diagram of the database schema that the migrations create. Run it
// in the root of the repository after every new migration, or use make er.
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
		log.Fatal("gen-schema-diagram: ", err)
	}
}
