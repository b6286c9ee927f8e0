// Command gen-emoji writes emoji/data.txt.gz, the data of package emoji, from the npm package emojibase-data. Run it
// in the root of the repository after you have updated the version and the checksum below (npm view emojibase-data
// shows them):
//
//	npm pack emojibase-data@17.0.0 && go run ./cmd/gen-emoji emojibase-data-17.0.0.tgz
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"log"
	"os"
)

// The source package and the generated file.
const (
	version       = "17.0.0"
	packageSHA512 = "Yvgb5AWoHViHV/gq1qr5ZAarcBip+B27/ZLRsUJkbgAEaLlZ/fof9g882LTpmEpyhBNEC0m2SEmItljHsTygjA=="
	outputPath    = "emoji/data.txt.gz"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: gen-emoji emojibase-data-VERSION.tgz")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal("gen-emoji: ", err)
	}
}

func run(file string) error {
	packed, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if sum := sha512.Sum512(packed); base64.StdEncoding.EncodeToString(sum[:]) != packageSHA512 {
		return fmt.Errorf("%s is not emojibase-data %s", file, version)
	}
	source, err := unpack(packed)
	if err != nil {
		return err
	}
	data, err := encode(source)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	w.Write(data)                                         // writing to a Buffer never fails
	w.Close()
	return os.WriteFile(outputPath, b.Bytes(), 0o644)
}
