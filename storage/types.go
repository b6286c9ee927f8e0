package storage

import (
	"io"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// unknownType is the content type of every file whose type is not allowed. That includes web pages, scripts and SVG
// images, because a browser would run them.
const unknownType = "application/octet-stream"

// allowedTypes are the content types that a file may have: images, which are encoded again, audio and video that
// browsers play, and common documents.
var allowedTypes = []string{
	"image/jpeg", "image/png", "image/gif", "image/webp",
	"audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/flac", "video/mp4", "video/webm", "video/ogg",
	"application/pdf", "application/zip", "text/plain", "text/csv",
	"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation",
	"application/vnd.oasis.opendocument.text",
	"application/vnd.oasis.opendocument.spreadsheet",
	"application/vnd.oasis.opendocument.presentation",
}

// typeAliases maps other names of a type to its name in allowedTypes. An animated PNG is treated as a PNG.
var typeAliases = map[string]string{"image/vnd.mozilla.apng": "image/png", "audio/x-m4a": "audio/mp4"}

// detectType returns the content type of the bytes that r returns next. It never looks at a file name.
func detectType(r io.Reader) string {
	detected, err := mimetype.DetectReader(r)
	if err != nil {
		return unknownType
	}
	contentType, _, _ := strings.Cut(detected.String(), ";") // without the charset
	return contentType
}

// allowedType returns the content type under which a file of the detected type is stored. It is unknownType if that
// type is not allowed.
func allowedType(detected string) string {
	if alias := typeAliases[detected]; alias != "" {
		detected = alias
	}
	if !slices.Contains(allowedTypes, detected) {
		return unknownType
	}
	return detected
}
