package views

import (
	"testing"

	"charla/chat"
)

func TestPictureSizeIsKnownInAdvance(t *testing.T) {
	for _, c := range []struct{ width, height, wantWidth, wantHeight int }{
		{1600, 1067, 480, 320}, // a photo
		{900, 1600, 180, 320},  // a tall picture
		{300, 200, 300, 200},   // never enlarged
		{5000, 100, 480, 48},   // never too thin to click
		{40, 2000, 48, 320},
		{1, 2560, 48, 320},
		{2560, 1, 480, 48},
		{1, 1, 48, 48},
	} {
		f := chat.File{ID: 7, Width: c.width, Height: c.height}
		if width, height := fitPicture(f); width != c.wantWidth || height != c.wantHeight {
			t.Errorf("fitPicture(%d × %d) = %d × %d, want %d × %d",
				c.width, c.height, width, height, c.wantWidth, c.wantHeight)
		}
	}
}

func TestPictureSrcset(t *testing.T) {
	for _, c := range []struct {
		width, height int
		want          string
	}{
		{1600, 800, "/files/7?size=thumb 320w, /files/7?size=medium 960w"},
		{800, 1600, "/files/7?size=thumb 160w, /files/7?size=medium 480w"},
		{200, 100, "/files/7?size=medium 200w"},
		{1, 2000, "/files/7?size=medium 1w"},
	} {
		if got := pictureSrcset(chat.File{ID: 7, Width: c.width, Height: c.height}); got != c.want {
			t.Errorf("srcset of %d × %d: got %q, want %q", c.width, c.height, got, c.want)
		}
	}
}

func TestFileKinds(t *testing.T) {
	for _, c := range []struct{ name, kind, want string }{
		{"report.pdf", "application/pdf", "PDF"},
		{"plan.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Hoja de cálculo"},
		{"voice.mp3", "audio/mpeg", "Sonido"},
		{"page.html", "application/octet-stream", "HTML"},
		{"what.<b>", "application/octet-stream", "Archivo"},
		{"none", "application/octet-stream", "Archivo"},
	} {
		k := fileKindOf(Locale{Lang: "es"}, chat.File{Name: c.name, Type: c.kind})
		if k.Word != c.want || fileIconPaths[k.Icon] == "" {
			t.Errorf("kind of %s: got %q with icon %q, want %q", c.name, k.Word, k.Icon, c.want)
		}
	}
}

// TestUploadIDIsSafeInSelectors checks that an upload id from a page cannot change the selector that it becomes a part
// of.
func TestUploadIDIsSafeInSelectors(t *testing.T) {
	for given, want := range map[string]string{"ABC-1": "upload-ABC-1", "x,body": "upload-x_body",
		"a b>c": "upload-a_b_c"} {
		if got := uploadID(given); got != want {
			t.Errorf("uploadID(%q) = %q, want %q", given, got, want)
		}
	}
}
