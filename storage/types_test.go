package storage_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
)

// fixChecksum corrects the checksum of the first chunk of a PNG.
func fixChecksum(b []byte) []byte {
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func zipArchive(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name}) // not compressed, as OpenDocument requires
		if err != nil {
			t.Fatal(err)
		}
		if name == "mimetype" {
			w.Write([]byte("application/vnd.oasis.opendocument.text"))
		}
	}
	z.Close()
	return b.String()
}

// TestDetectedTypes checks that the bytes of a file decide its type, and that a file which a browser would run has no
// type.
func TestDetectedTypes(t *testing.T) {
	const none = "application/octet-stream"
	store := openLocal(t, t.TempDir())
	for name, c := range map[string]struct{ bytes, want string }{
		"text":        {"Good morning.\n", "text/plain"},
		"csv":         {"a,b\n1,2\n3,4\n", "text/csv"},
		"empty file":  {"", "text/plain"},
		"binary data": {"\x00\x01\x02\xfe\xff", none},
		"pdf":         {"%PDF-1.7\n", "application/pdf"},
		"zip":         {zipArchive(t, "a.txt"), "application/zip"},
		"odt":         {zipArchive(t, "mimetype", "content.xml"), "application/vnd.oasis.opendocument.text"},
		"docx": {zipArchive(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml"),
			"application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		"mp4": {"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41", "video/mp4"},
		"m4a": {"\x00\x00\x00\x18ftypM4A \x00\x00\x02\x00isomiso2", "audio/mp4"},
		"webm": {"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm",
			"video/webm"},
		"mp3":  {"ID3\x03\x00\x00\x00\x00\x00\x15TIT2\x00\x00\x00\x0b\x00\x00\x00A good song", "audio/mpeg"},
		"wav":  {"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"},
		"flac": {"fLaC\x00\x00\x00\x22", "audio/flac"},
		"ogg": {"OggS\x00\x02" + strings.Repeat("\x00", 20) + "\x01\x1e\x01vorbis" + strings.Repeat("\x00", 22),
			"audio/ogg"},
		"svg":               {`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, none},
		"svg with a prolog": {`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`, none},
		"html":              {"<!DOCTYPE html><script>alert(1)</script>", none},
		"html after space":  {"\n\n   <html><body>", none},
		"html after a BOM":  {"\xef\xbb\xbf<html>", none},
		"xml":               {`<?xml version="1.0"?><a/>`, none},
		"shell script":      {"#!/bin/sh\nrm -rf /\n", none},
		"Windows program":   {"MZ\x90\x00" + strings.Repeat("\x00", 100), none},
		"json":              {`{"a": 1}`, none},
		"tiff":              {"II*\x00\x08\x00\x00\x00", "image/tiff"},
		"bmp":               {"BM" + strings.Repeat("\x00", 60), none},
	} {
		t.Run(name, func(t *testing.T) {
			blob := commit(t, store, []byte(c.bytes))
			_, contentType := read(t, store, blob.Object, "")
			if blob.Type != c.want || contentType != c.want {
				t.Errorf("stored as %s and opened as %s, want %s", blob.Type, contentType, c.want)
			}
		})
	}
}
