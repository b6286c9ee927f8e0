package views

import (
	"strings"
	"testing"
	"time"

	"charla/chat"

	"github.com/a-h/templ"
)

// rendered is the HTML of a component.
func rendered(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// has fails unless html contains every part.
func has(t *testing.T, html string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(html, part) {
			t.Errorf("%q is missing in\n%s", part, html)
		}
	}
}

// lacks fails when html contains any part.
func lacks(t *testing.T, html string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(html, part) {
			t.Errorf("%q is in\n%s", part, html)
		}
	}
}

var evening = chat.At(time.Date(2026, 11, 20, 18, 30, 0, 0, time.UTC))

func line(seq int64) chat.Message {
	return chat.Message{ID: 900 + seq, Room: 7, Seq: seq, ChangedSeq: seq, AuthorID: 12, AuthorName: "Ana Pérez", Body: "hi", HTML: "hi", PostedAt: evening}
}

func TestMessageIsInert(t *testing.T) {
	m := line(18)
	m.Leads, m.AuthorName = true, `<img src=x onerror=alert(1)>`
	html := rendered(t, Message(Locale{}, m))
	lacks(t, html, "<img")
	has(t, html, `<bdi class="message__name">&lt;img src=x onerror=alert(1)&gt;</bdi>`)

	// What the renderer of chat lets through is the only markup, and htmx and Alpine stay out of it.
	m.HTML = `<a href="https://example.org">x</a>`
	has(t, rendered(t, Message(Locale{}, m)), `dir="auto" hx-ignore x-ignore>`+m.HTML+`</div>`)
}

func TestMessageKnowsItsPlaceAndItsAuthor(t *testing.T) {
	html := rendered(t, Message(Locale{}, line(18)))
	has(t, html, `<li id="m-18" class="message by-12">`, `href="/messages/918"`, `datetime="2026-11-20T18:30:00Z"`, `>18:30 UTC</relative-time>`)
	lacks(t, html, "message--leads", `class="avatar`, `class="day"`)

	m := line(19)
	m.Leads, m.OpensDay = true, true
	html = rendered(t, Message(Locale{Lang: "es"}, m))
	has(t, html, `<li id="m-19" class="message by-12 message--leads"><p class="day">`, "viernes, 20 de noviembre de 2026", `class="avatar hue-0"`, ">AP</span>")
}

func TestMessageThatChanged(t *testing.T) {
	m := line(18)
	m.EditedAt = evening
	has(t, rendered(t, Message(Locale{}, m)), "(edited)")
	m.DeletedAt = evening
	html := rendered(t, Message(Locale{}, m))
	has(t, html, `id="m-18"`, "This message was deleted.")
	lacks(t, html, ">hi<", "(edited)")
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"Ana": "A", "Ana Pérez": "AP", "maría de la o": "MO", "王小明": "王", "(Bea) Ruiz": "BR", "": "?", "🦊 Fox": "🦊F", "éric": "É",
		"دنا كوهين": "د\u200cك", "דנה כהן": "דכ",
	} {
		if got := initials(name); got != want {
			t.Errorf("initials(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestTitle(t *testing.T) {
	for got, want := range map[string]string{
		Title(Locale{}, 0, ""): "Charla", Title(Locale{}, 3, "Ana"): "(3) Ana · Charla",
		Title(Locale{}, 99, ""): "(99) Charla", Title(Locale{}, 250, "Ana"): "(99+) Ana · Charla",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
