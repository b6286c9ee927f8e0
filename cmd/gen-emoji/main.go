// Command charla-emoji writes emoji/data.txt.gz, what package emoji knows, from the package emojibase-data of npm. Run it at
// the top of the repository after raising the version and the checksum here, which `npm view emojibase-data` tells:
//
//	npm pack emojibase-data@17.0.0 && go run ./cmd/charla-emoji emojibase-data-17.0.0.tgz
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

// The data that Charla was made with, and where it goes.
const (
	version       = "17.0.0"
	packageSHA512 = "Yvgb5AWoHViHV/gq1qr5ZAarcBip+B27/ZLRsUJkbgAEaLlZ/fof9g882LTpmEpyhBNEC0m2SEmItljHsTygjA==" // SHA-512
	outputPath    = "emoji/data.txt.gz"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("charla-emoji: name the file of the package")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal("charla-emoji: ", err)
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
	w.Write(data)                                         // a Buffer takes everything
	w.Close()
	return os.WriteFile(outputPath, b.Bytes(), 0o644)
}
