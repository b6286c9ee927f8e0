package views

import (
	"strings"
	"testing"
	"time"

	"charla/chat"

	"github.com/a-h/templ"
)

// renderHTML returns the HTML of a component.
func renderHTML(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// wantContains fails the test unless html contains every part.
func wantContains(t *testing.T, html string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(html, part) {
			t.Errorf("%q is missing in\n%s", part, html)
		}
	}
}

// wantLacks fails the test if html contains any part.
func wantLacks(t *testing.T, html string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(html, part) {
			t.Errorf("unexpected %q in\n%s", part, html)
		}
	}
}

var testTime = chat.TimestampOf(time.Date(2026, 11, 20, 18, 30, 0, 0, time.UTC))

func testMessage(seq int64) chat.Message {
	return chat.Message{ID: 900 + seq, Room: 7, Seq: seq, ChangedSeq: seq, AuthorID: 12, AuthorName: "Ana Pérez",
		Body: "hi", HTML: "hi", PostedAt: testTime}
}

func TestMessageEscapesNames(t *testing.T) {
	m := testMessage(18)
	m.StartsGroup, m.AuthorName = true, `<img src=x onerror=alert(1)>`
	html := renderHTML(t, Message(Locale{}, m))
	wantLacks(t, html, "<img")
	wantContains(t, html, `<bdi class="message__name">&lt;img src=x onerror=alert(1)&gt;</bdi>`)

	// The HTML of the body is the only markup, and htmx and Alpine ignore it.
	m.HTML = `<a href="https://example.org">x</a>`
	wantContains(t, renderHTML(t, Message(Locale{}, m)), `dir="auto" hx-ignore x-ignore>`+m.HTML+`</div>`)
}

func TestMessageMarkup(t *testing.T) {
	html := renderHTML(t, Message(Locale{}, testMessage(18)))
	wantContains(t, html, `<li id="m-18" class="message by-12">`, `href="/messages/918"`,
		`datetime="2026-11-20T18:30:00Z"`, `>6:30 PM UTC</relative-time>`)
	wantLacks(t, html, "message--group-start", `class="avatar`, `class="date-divider"`)

	m := testMessage(19)
	m.StartsGroup, m.StartsDay = true, true
	html = renderHTML(t, Message(Locale{Lang: "es"}, m))
	wantContains(t, html, `<li id="m-19" class="message by-12 message--group-start"><p class="date-divider">`,
		"viernes, 20 de noviembre", `class="avatar hue-0"`, ">AP</span>", `hour-cycle="h23"`)
}

func TestEditedAndDeletedMessages(t *testing.T) {
	m := testMessage(18)
	m.EditedAt = testTime
	wantContains(t, renderHTML(t, Message(Locale{}, m)), "(edited)")
	m.DeletedAt = testTime
	html := renderHTML(t, Message(Locale{}, m))
	wantContains(t, html, `id="m-18"`, "This message was deleted.")
	wantLacks(t, html, ">hi<", "(edited)")
}
