package chat

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// FileReader reads files.
type FileReader interface {
	// File returns a file that a user may see: it belongs to a message in one of the user's rooms, it is an unsent file
	// of the user, or it is an avatar.
	File(ctx context.Context, user, id int64) (StoredFile, error)
}

// Limits of what people call their files.
const (
	maxFileNameBytes  = 255 // bytes
	maxExtensionBytes = 16  // bytes of a name that is cut are kept for what stands behind its last dot
	MaxAlt            = 500 // characters that describe a file to who cannot see it
)

// FileLimits is what the operator allows.
type FileLimits struct {
	FileBytes       int64 // bytes of one file
	FilesPerMessage int   // files of one message
	QuotaBytes      int64 // bytes of all files of one person; 0 means no limit
}

// DefaultFileLimits are those of a Charla where nobody decided otherwise.
var DefaultFileLimits = FileLimits{FileBytes: 25 << 20, FilesPerMessage: 10, QuotaBytes: 1000 << 20}

// File is a file as people see it. What it holds is a Content.
type File struct {
	ID       int64  `db:"id"`
	Name     string `db:"name"` // for people's eyes alone: see CleanFileName
	Alt      string `db:"alt"`  // what it shows, in words
	Type     string `db:"type"`
	Size     int64  `db:"size"`     // bytes
	Width    int    `db:"width"`    // pixels, of a picture; otherwise 0
	Height   int    `db:"height"`   // likewise
	Animated bool   `db:"animated"` // an animated picture
}

// IsImage tells whether f was made by us from pixels: then it has all sizes, and nothing else in it.
func (f File) IsImage() bool { return f.Width > 0 }

// IsPlayable tells whether f is sound or moving pictures of a type that browsers play.
func (f File) IsPlayable() bool { return f.IsAudio() || strings.HasPrefix(f.Type, "video/") }

// IsAudio tells whether f is to be heard.
func (f File) IsAudio() bool { return strings.HasPrefix(f.Type, "audio/") }

// HasVariant tells whether a file is kept in a size.
func (f File) HasVariant(size Variant) bool {
	return size == VariantOriginal || f.IsImage() && slices.Contains([]Variant{VariantThumb, VariantMedium, VariantSquare}, size)
}

// StoredFile is a file with what it takes to open it.
type StoredFile struct {
	File
	Object   string `db:"object"`
	IsAvatar bool   `db:"is_avatar"` // it is its owner's picture, for everybody to see
}

// NewFile is a file to be stored for its owner, in whose box for a place it waits; the zero Place is none.
type NewFile struct {
	Blob, Owner  int64
	Conversation ConversationRef
	Name, Alt    string
	CreatedAt    Timestamp
}

// Usage is what a person has stored: the bytes of all their files, and how many wait in the box for a place.
type Usage struct {
	Bytes   int64 `db:"bytes"`
	Pending int   `db:"pending"`
}

// CleanFileName makes of what somebody's computer calls a file a name that can be shown and given back: without
// folders, without what cannot be seen or turns the text around it, at most 255 bytes with its extension kept. It is
// idempotent.
func CleanFileName(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = s[strings.LastIndexAny(s, `/\`)+1:]
	name := strings.Join(strings.Fields(norm.NFC.String(stripInvisible(norm.NFD.String(s)))), " ")
	name = truncateFileName(name)
	if strings.Trim(name, ". ") == "" {
		return "file"
	}
	return name
}

// stripInvisible leaves what is drawn, a space for any blank, and no more marks on a letter than a language needs.
func stripInvisible(s string) string {
	marks := 0
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Zs, r):
			return ' '
		case isInvisible(r):
			return -1
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks > maxMarks {
				return -1
			}
			return r
		case unicode.In(r, unicode.L, unicode.Mc, unicode.N, unicode.P, unicode.S):
			marks = 0
			return r
		}
		return -1
	}, s)
}

// truncateFileName cuts a name to its bytes, before its extension.
func truncateFileName(name string) string {
	if len(name) <= maxFileNameBytes {
		return name
	}
	extension := ""
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && len(name)-dot <= maxExtensionBytes {
		extension = name[dot:]
	}
	return strings.TrimSpace(truncate(name, maxFileNameBytes-len(extension))) + extension
}

// CleanAlt brings a description to one line. It answers Invalid for one that is too long or no text.
func CleanAlt(s string) (string, error) {
	if !isStorableText(s) {
		return "", invalidf("alt", "This description holds bytes that are not text.")
	}
	alt := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.C, r) && r != '\u200c' && r != '\u200d': // these two shape letters and emoji
			return -1
		}
		return r
	}, s)
	alt = strings.Join(strings.Fields(alt), " ")
	if len(alt) > 8*MaxAlt || uniseg.GraphemeClusterCount(alt) > MaxAlt {
		return "", invalidf("alt", "A description has at most %d characters.", MaxAlt)
	}
	return alt, nil
}

// File finds a file that by may see: it is in a message of a room of theirs, it waits and is theirs, or it is
// somebody's picture. Otherwise it answers NotFound.
func (s *Service) File(ctx context.Context, by User, id int64) (StoredFile, error) {
	return s.store.File(ctx, by.ID, id)
}

// OpenFile opens what File found. It answers NotFound for a size that the file has not.
func (s *Service) OpenFile(ctx context.Context, f StoredFile, size Variant) (OpenedBlob, error) {
	if !f.HasVariant(size) {
		return OpenedBlob{}, ErrNotFound
	}
	return s.blobs.Open(ctx, f.Object, size)
}
