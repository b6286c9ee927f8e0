package chat

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// FileReader reads files.
type FileReader interface {
	// File returns a file if a user may see it: a file of a message in one of the user's rooms, a pending file of the
	// user, or an avatar.
	File(ctx context.Context, user, id int64) (StoredFile, error)
}

// The limits of the names and alternative texts of files.
const (
	maxFileNameBytes  = 255
	maxExtensionBytes = 16  // of the file extension that a shortened name keeps
	MaxAlt            = 500 // characters of an alternative text
)

// FileLimits are the limits of files that the operator configures.
type FileLimits struct {
	FileBytes       int64 // size of one file
	FilesPerMessage int
	QuotaBytes      int64 // size of all files of one user; zero for no limit
}

// DefaultFileLimits apply if the operator does not configure any limits.
var DefaultFileLimits = FileLimits{FileBytes: 25 << 20, FilesPerMessage: 10, QuotaBytes: 1000 << 20}

// File is a file as users see it. A Blob describes its bytes.
type File struct {
	ID       int64  `db:"id"`
	Name     string `db:"name"`     // only for display; see CleanFileName
	Alt      string `db:"alt"`      // alternative text
	Type     string `db:"type"`     // media type
	Size     int64  `db:"size"`     // in bytes
	Width    int    `db:"width"`    // of a picture, in pixels; zero for other files
	Height   int    `db:"height"`   // like Width
	Animated bool   `db:"animated"` // an animated picture
}

// IsImage reports whether f is a picture. A picture has all variants.
func (f File) IsImage() bool { return f.Width > 0 }

// UnchangedVideo is the media type of an audio or video file whose structure Charla does not understand, so that its
// bytes are stored as they were uploaded.
const UnchangedVideo = "application/mp4"

// unknownType is the media type of a file whose bytes are of no known type, or of one that is not safe.
const unknownType = "application/octet-stream"

// visualName matches the names of pictures and videos.
var visualName = regexp.MustCompile(`(?i)\.(jpe?g|jpe|jp2|jxl|png|apng|gif|webp|bmp|tiff?|avif|hei[cf]|svgz?|psd|` +
	`dng|cr[23w]|nef|nrw|arw|srf|orf|rw2|raf|pef|srw|raw|mov|qt|mp4|m4v|3gp|avi|mkv|mts|m2ts|wmv|insv|insp|lrv)$`)

// IsUnchanged reports whether f is a picture that could not be decoded, or a video whose structure is unknown, which is
// stored unchanged. Its bytes may say where it was taken. Other pictures and videos lose such data. If the bytes do not
// tell the type of the file, its name does.
func (f File) IsUnchanged() bool {
	switch f.Type {
	case UnchangedVideo:
		return true
	case unknownType:
		return visualName.MatchString(f.Name)
	}
	return strings.HasPrefix(f.Type, "image/") && !f.IsImage()
}

// playableVideos are the media types of the videos that browsers can play.
var playableVideos = []string{"video/mp4", "video/webm", "video/ogg"}

// IsPlayable reports whether f is audio or video that browsers can play.
func (f File) IsPlayable() bool { return f.IsAudio() || slices.Contains(playableVideos, f.Type) }

// IsAudio reports whether f is audio.
func (f File) IsAudio() bool { return strings.HasPrefix(f.Type, "audio/") }

// imageVariants are the variants of a picture besides the original.
var imageVariants = []Variant{VariantThumb, VariantMedium, VariantSquare}

// HasVariant reports whether f is stored in the given variant.
func (f File) HasVariant(variant Variant) bool {
	return variant == VariantOriginal || f.IsImage() && slices.Contains(imageVariants, variant)
}

// StoredFile is a file with the name of its stored object, which is needed to open it.
type StoredFile struct {
	File
	Object   string `db:"object"`
	IsAvatar bool   `db:"is_avatar"` // everybody may see it
}

// NewFile is a pending file to insert. With the zero Conversation it belongs to no conversation.
type NewFile struct {
	Blob, Owner  int64
	Conversation ConversationRef
	Name, Alt    string
	CreatedAt    Timestamp
	Repeatable   bool // a pending file with the same name and blob takes the place of this one
}

// Usage is how many bytes a user has stored, and how many pending files they have for one conversation.
type Usage struct {
	Bytes   int64 `db:"bytes"`
	Pending int   `db:"pending"`
}

// CleanFileName turns the name with which a file was uploaded into one that is safe to show and to use. It removes
// folders, invisible characters and characters that change the direction of text. It shortens the name to 255 bytes and
// keeps the extension. Cleaning a name twice gives the same result as once.
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

// stripInvisible removes invisible characters except joiners, replaces any white space by a space, and removes
// combining marks that no language needs.
func stripInvisible(s string) string {
	var marks markCounter
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Zs, r):
			return ' '
		case isJoiner(r):
			return r
		case !isGraphic(r) || !marks.add(r):
			return -1
		}
		return r
	}, s)
}

// truncateFileName shortens a name to maxFileNameBytes and keeps its extension.
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

// CleanAlt returns an alternative text as one line. It returns Invalid for a text that is too long or that cannot be
// stored.
func CleanAlt(s string) (string, error) {
	if !isStorableText(s) {
		return "", invalidf("alt", "This description contains characters that can't be stored.")
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
		return "", invalidf("alt", "A description can have at most %d characters.", MaxAlt)
	}
	return alt, nil
}

// File returns a file if the acting user may see it: a file of a message in one of their rooms, one of their pending
// files, or the avatar of somebody whom they see or whose messages are in their rooms. Otherwise it returns
// ErrNotFound.
func (s *Service) File(ctx context.Context, by User, id int64) (StoredFile, error) {
	return s.store.File(ctx, by.ID, id)
}

// OpenFile opens a variant of a file that the method File returned. It returns ErrNotFound if the file does not have
// this variant.
func (s *Service) OpenFile(ctx context.Context, f StoredFile, variant Variant) (OpenedBlob, error) {
	if !f.HasVariant(variant) {
		return OpenedBlob{}, ErrNotFound
	}
	return s.blobs.Open(ctx, f.Object, variant)
}
