package storage

import (
	"io"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// unknownType is what a file is of which nothing is known that would make it harmless. Pages, scripts and drawings that a browser
// would run are among them.
const unknownType = "application/octet-stream"

// allowedTypes are those that a file may have: pictures, which are made anew, sound and films that browsers play, and documents that
// people know by a name.
var allowedTypes = []string{
	"image/jpeg", "image/png", "image/gif", "image/webp",
	"audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/flac", "video/mp4", "video/webm", "video/ogg",
	"application/pdf", "application/zip", "text/plain", "text/csv",
	"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation",
	"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.presentation",
}

// typeAliases are other names of some of them. An animated PNG holds a picture that stands still.
var typeAliases = map[string]string{"image/vnd.mozilla.apng": "image/png", "audio/x-m4a": "audio/mp4"}

// detectType looks at the first bytes, and never at a name. It reads r from where it is.
func detectType(r io.Reader) (kind string) {
	found, err := mimetype.DetectReader(r)
	if err != nil {
		return unknownType
	}
	kind, _, _ = strings.Cut(found.String(), ";") // without its charset
	return kind
}

// allowedType is what a file of a kind that was detected is called.
func allowedType(kind string) string {
	if other := typeAliases[kind]; other != "" {
		kind = other
	}
	if !slices.Contains(allowedTypes, kind) {
		return unknownType
	}
	return kind
}
