package views

import (
	"cmp"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"

	"charla/chat"
)

// FileURL returns the URL of a file, or of a smaller variant of a picture if size says so.
func FileURL(id int64, size chat.Variant) string {
	url := "/files/" + formatInt(id)
	if size != chat.VariantOriginal {
		url += "?size=" + string(size)
	}
	return url
}

// altText returns the alternative text of a file. If it has none, altText returns the name of the file.
func altText(f chat.File) string { return cmp.Or(f.Alt, f.Name) }

// fileSize returns a number of bytes as a readable text, such as "1.2 MB".
func fileSize(l Locale, bytes int64) string {
	switch {
	case bytes < 1<<10:
		return l.T("%d bytes", bytes)
	case bytes < 1<<20:
		return l.T("%d KB", bytes>>10)
	default:
		return l.T("%.1f MB", float64(bytes)/(1<<20))
	}
}

// pictures returns the files of a message that are pictures.
func pictures(m chat.Message) (list []chat.File) {
	for _, f := range m.Files {
		if f.IsImage() {
			list = append(list, f)
		}
	}
	return list
}

// otherFiles returns the files of a message that are not pictures.
func otherFiles(m chat.Message) (list []chat.File) {
	for _, f := range m.Files {
		if !f.IsImage() {
			list = append(list, f)
		}
	}
	return list
}

// messageSummary returns the text of a message, or the names of its files if it has no text.
func messageSummary(m chat.Message) string {
	if m.Body != "" {
		return m.Body
	}
	var all []string
	for _, f := range m.Files {
		all = append(all, f.Name)
	}
	return strings.Join(all, ", ")
}

// These are the largest dimensions in CSS pixels of a picture that is alone in its message. It is scaled down to fit
// into them. The shorter side of a very long picture is not scaled below minPictureSide.
const (
	maxPictureWidth, maxPictureHeight = 480, 320
	minPictureSide                    = 48
)

// fitPicture returns the width and height in CSS pixels at which a page shows a picture. The page reserves this space,
// so that nothing moves when the picture has loaded.
func fitPicture(f chat.File) (width, height int) {
	scale := min(1, maxPictureWidth/float64(f.Width), maxPictureHeight/float64(f.Height))
	side := func(n int) int { return max(minPictureSide, int(float64(n)*scale+0.5)) }
	return side(f.Width), side(f.Height)
}

// These are the lengths of the longer side of the smaller variants of a picture, in pixels.
const thumbSide, mediumSide = 320, 960

// isCropped reports whether a page shows only the middle of a picture, because the picture is so long that its box has
// another aspect ratio.
func isCropped(f chat.File) bool {
	width, height := fitPicture(f)
	longer, shorter := max(f.Width, f.Height), min(f.Width, f.Height)
	return min(width, height) == minPictureSide && longer*minPictureSide > max(width, height)*shorter
}

// pictureSrcset returns the value of a picture's srcset attribute, which offers the browser its smaller variants. No
// two of them have the same width.
func pictureSrcset(f chat.File) string {
	width := func(side int) int { return max(1, f.Width*min(side, max(f.Width, f.Height))/max(f.Width, f.Height)) }
	medium := fmt.Sprintf("%s %dw", FileURL(f.ID, chat.VariantMedium), width(mediumSide))
	if width(thumbSide) == width(mediumSide) {
		return medium
	}
	return fmt.Sprintf("%s %dw, %s", FileURL(f.ID, chat.VariantThumb), width(thumbSide), medium)
}

// pictureSizes returns the value of the sizes attribute, which tells the browser how wide a picture is shown. count is
// the number of pictures in the message.
func pictureSizes(f chat.File, count int) string {
	width, _ := fitPicture(f)
	if count > 1 { // shown as a square tile
		width = min(max(tileSide, tileSide*f.Width/f.Height), 3*tileSide)
	}
	return strconv.Itoa(width) + "px"
}

// tileSide is the approximate width of a picture that shares its message with others, in CSS pixels.
const tileSide = 200

// maxAutoplayBytes is the largest size in bytes of an animated picture that plays inside its message. Larger ones play
// only in the lightbox.
const maxAutoplayBytes = 5 << 20

// fileKind is the icon of a file and a word for its type.
type fileKind struct{ Icon, Word string }

// fileKindOf returns the icon and the word for a file's media type, which the server detected from the content. For a
// media type that is not listed here, the word is the file's extension or, without one, "File".
func fileKindOf(l Locale, f chat.File) fileKind {
	switch {
	case f.IsImage():
		return fileKind{"picture", l.T("Picture")}
	case f.IsAudio():
		return fileKind{"sound", l.T("Sound")}
	case f.IsPlayable():
		return fileKind{"film", l.T("Video")}
	}
	switch f.Type {
	case "application/pdf":
		return fileKind{"text", "PDF"}
	case "application/zip":
		return fileKind{"archive", l.T("Archive")}
	case "text/plain":
		return fileKind{"text", l.T("Text")}
	case "text/csv", "application/vnd.ms-excel", "application/vnd.oasis.opendocument.spreadsheet",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":
		return fileKind{"table", l.T("Spreadsheet")}
	case "application/vnd.ms-powerpoint", "application/vnd.oasis.opendocument.presentation",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation":
		return fileKind{"slides", l.T("Presentation")}
	case "application/msword", "application/vnd.oasis.opendocument.text",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return fileKind{"text", l.T("Document")}
	}
	return fileKind{"file", cmp.Or(extension(f.Name), l.T("File"))}
}

// extension returns the extension of a file name, in upper case. It returns "" if the extension is longer than five
// characters or contains anything but ASCII letters and digits.
func extension(name string) string {
	ext := strings.ToUpper(strings.TrimPrefix(path.Ext(name), "."))
	isOther := func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	if len(ext) > 5 || strings.ContainsFunc(ext, isOther) {
		return ""
	}
	return ext
}

// fileIconPaths contains the SVG path of each file icon, in a view box of 24 by 24.
var fileIconPaths = map[string]string{
	"picture": "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.500 9v.01",
	"sound":   "M9 18V6l10-2v12M9 18a3 2.500 0 1 1-6 0a3 2.500 0 0 1 6 0ZM19 16a3 2.500 0 1 1-6 0a3 2.500 0 0 1 6 0Z",
	"film":    "M4 5h16v14H4zM10 9l5 3-5 3Z",
	"text":    "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
	"table":   "M6 3h8l4 4v14H6zM14 3v4h4M9 11h6v6H9zM12 11v6M9 14h6",
	"slides":  "M4 4h16M5 4v11h14V4M12 15v3M8 21l4-3 4 3",
	"archive": "M6 3h12v18H6zM12 3v2M12 7v2M12 11v2M10.500 15h3v3h-3z",
	"file":    "M6 3h8l4 4v14H6zM14 3v4h4",
}
