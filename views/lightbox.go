package views

import (
	"slices"

	"charla/chat"

	"github.com/a-h/templ"
)

// LightboxPicture is a picture of a message, with the file ids of the previous and the next picture. An id is 0 if
// there is no such picture.
type LightboxPicture struct {
	chat.File
	Message        int64
	Previous, Next int64
}

// NewLightboxPicture returns the picture of a message with the given file id. It returns false if the message has no
// such picture.
func NewLightboxPicture(m chat.Message, file int64) (LightboxPicture, bool) {
	list := pictures(m)
	i := slices.IndexFunc(list, func(f chat.File) bool { return f.ID == file })
	if i < 0 {
		return LightboxPicture{}, false
	}
	p := LightboxPicture{File: list[i], Message: m.ID}
	if i > 0 {
		p.Previous = list[i-1].ID
	}
	if i+1 < len(list) {
		p.Next = list[i+1].ID
	}
	return p, true
}

// hasSeveral reports whether the message has more than one picture.
func (p LightboxPicture) hasSeveral() bool { return p.Previous != 0 || p.Next != 0 }

// PictureURL returns the URL that shows a picture of a message in the lightbox, or as a page of its own.
func PictureURL(message, file int64) string {
	return MessageURL(message) + "/pictures/" + formatInt(file)
}

// lightboxAttrs returns the htmx attributes of a link that opens a picture in the lightbox. The link needs values of
// its own for several attributes, because it stands in a list of messages and would inherit the values that are meant
// for menu buttons.
func lightboxAttrs(message, file int64) templ.Attributes {
	return templ.Attributes{
		"hx-get": PictureURL(message, file), "hx-sync": byID(idLightbox) + ":replace",
		"hx-target": byID(idLightbox), "hx-select": "unset", "hx-swap": "none", "hx-indicator": "this",
		"hx-status:4xx": openErrorSwap, "hx-status:5xx": openErrorSwap,
	}
}
