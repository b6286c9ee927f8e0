package storage_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
)

// fixChecksum gives the first chunk of a PNG the checksum that it should have.
func fixChecksum(b []byte) []byte {
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

func zipArchive(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name}) // stored, as OpenDocument wants it
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

// What a file is, its bytes say. What a browser would run is nothing that it knows.
func TestDetectedTypes(t *testing.T) {
	const none = "application/octet-stream"
	v := openLocal(t, t.TempDir())
	for name, c := range map[string]struct{ bytes, want string }{
		"text": {"Good morning.\n", "text/plain"}, "table": {"a,b\n1,2\n3,4\n", "text/csv"}, "empty": {"", "text/plain"}, "noise": {"\x00\x01\x02\xfe\xff", none},
		"pdf": {"%PDF-1.7\n", "application/pdf"}, "zip": {zipArchive(t, "a.txt"), "application/zip"},
		"text document":    {zipArchive(t, "mimetype", "content.xml"), "application/vnd.oasis.opendocument.text"},
		"another document": {zipArchive(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		"mp4":              {"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41", "video/mp4"},
		"m4a":              {"\x00\x00\x00\x20ftypM4A \x00\x00\x02\x00isomiso2", "audio/mp4"},
		"webm":             {"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm", "video/webm"},
		"mp3":              {"ID3\x03\x00\x00\x00\x00\x00\x15TIT2\x00\x00\x00\x0b\x00\x00\x00A good song", "audio/mpeg"}, "wav": {"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"},
		"flac": {"fLaC\x00\x00\x00\x22", "audio/flac"}, "ogg": {"OggS\x00\x02" + strings.Repeat("\x00", 20) + "\x01\x1e\x01vorbis" + strings.Repeat("\x00", 22), "audio/ogg"},
		"drawing":        {`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, none},
		"drawing in xml": {`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`, none},
		"page":           {"<!DOCTYPE html><script>alert(1)</script>", none}, "page with space": {"\n\n   <html><body>", none},
		"page with a mark": {"\xef\xbb\xbf<html>", none}, "xml": {`<?xml version="1.0"?><a/>`, none},
		"script": {"#!/bin/sh\nrm -rf /\n", none}, "program": {"MZ\x90\x00" + strings.Repeat("\x00", 100), none}, "json": {`{"a": 1}`, none},
		"tiff": {"II*\x00\x08\x00\x00\x00", none}, "bmp": {"BM" + strings.Repeat("\x00", 60), none},
	} {
		t.Run(name, func(t *testing.T) {
			content := commit(t, v, []byte(c.bytes))
			_, mime := read(t, v, content.Object, "")
			if content.Type != c.want || mime != c.want {
				t.Errorf("%s, opened as %s", content.Type, mime)
			}
		})
	}
}
