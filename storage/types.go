package storage

import (
	"io"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"charla/chat"
)

// unknownType is the content type of every stored file whose detected type is not in allowedTypes. Such files include
// web pages, scripts and SVG images, because a browser would run what they contain.
const unknownType = "application/octet-stream"

// allowedTypes are the content types under which files may be stored: images, which Charla encodes again, audio and
// video that browsers play, and common documents.
var allowedTypes = []string{
	"image/jpeg", "image/png", "image/gif", "image/webp",
	"audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/flac", "video/mp4", "video/webm", "video/ogg",
	"video/quicktime", "video/3gpp", "video/3gpp2", chat.UnchangedVideo,
	"application/pdf", "application/zip", "text/plain", "text/csv",
	"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation",
	"application/vnd.oasis.opendocument.text",
	"application/vnd.oasis.opendocument.spreadsheet",
	"application/vnd.oasis.opendocument.presentation",
}

// typeAliases maps other names of a content type to the name in allowedTypes. An animated PNG is stored as a PNG.
var typeAliases = map[string]string{
	"image/apng": "image/png", "image/vnd.mozilla.apng": "image/png", "audio/x-m4a": "audio/mp4",
}

// detectType returns the content type that the first bytes of r indicate. It does not consider the name of the file.
func detectType(r io.Reader) string {
	detected, err := mimetype.DetectReader(r)
	if err != nil {
		return unknownType
	}
	contentType, _, _ := strings.Cut(detected.String(), ";") // without the charset
	return contentType
}

// allowedType returns the content type under which to store a file of the detected type. That is unknownType if the
// detected type is not allowed. Every type of picture is allowed but SVG, which may contain scripts.
func allowedType(detected string) string {
	if alias := typeAliases[detected]; alias != "" {
		detected = alias
	}
	isPicture := strings.HasPrefix(detected, "image/") && detected != "image/svg+xml"
	if !isPicture && !slices.Contains(allowedTypes, detected) {
		return unknownType
	}
	return detected
}

// mp4Types are the detected types of audio and video files that consist of atoms (also called boxes), as ISO/IEC
// 14496-12 and QuickTime define them. HEIC images also consist of atoms but are not listed, because they cannot be
// displayed without their metadata.
var mp4Types = []string{
	"video/mp4", "video/quicktime", "video/3gpp", "video/3gpp2", "video/x-m4v", "audio/mp4", "audio/x-m4a",
}

// firstAtoms are the kinds of atoms with which a file may begin.
var firstAtoms = []string{"ftyp", "moov", "mdat", "wide", "skip", "free", "pnot"}

// isMP4 reports whether a file consists of atoms. If its type is unknown, the name of its first atom decides.
func isMP4(file io.ReaderAt, detected string) bool {
	if detected != unknownType {
		return slices.Contains(mp4Types, detected)
	}
	var head [8]byte
	_, err := file.ReadAt(head[:], 0)
	return err == nil && slices.Contains(firstAtoms, string(head[4:]))
}
