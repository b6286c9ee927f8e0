package views

import (
	"fmt"

	"charla/chat"

	"github.com/a-h/templ"
)

// olderTrigger fetches older messages a little before their place scrolls into view.
const olderTrigger = "intersect once root:#" + idScroll + " rootMargin:50px, click"

// xToOwnWords scrolls to the newest messages, where what somebody sends will stand.
const xToOwnWords = `$event.target.id === '` + idComposer + `' && $el.scrollTo(0, 0)`

// What comes below those who scrolled up moves nothing before their eyes. Most browsers see to that, and know a property for it;
// in the others the distance to the top stays. Older messages come above, where nothing moves anyway.
const (
	xMeasure = `tall = $el.style.overflowAnchor === undefined && $el.scrollTop < 0 && !$event.target.closest('#` + idOlder + `') && $el.scrollHeight`
	xStay    = `tall && $el.scrollBy(0, tall - $el.scrollHeight)`
)

// Whoever scrolled up by more than a few lines is offered the way down. The bottom is 0, and what is above it negative.
const (
	xIsUp     = `up = $el.scrollTop < -200`
	xToNewest = `$root.querySelector('#` + idScroll + `').scrollTo(0, 0)`
)

// toList leads back to the list of conversations, in place.
func toList() templ.Attributes { return inPlace("/chat") }

// inPlace leads to a page by way of the part beside the list.
func inPlace(url string) templ.Attributes {
	return templ.Attributes{
		"href": url, "hx-get": url, "hx-target": at(idConv), "hx-select": at(idConv),
		"hx-swap": "outerHTML", "hx-push-url": "true", "hx-status:4xx": whyNot, "hx-status:5xx": whyNot,
	}
}

// alone returns a message as it stands when nothing is around it: with its day and its author. Its reactions stand below.
func alone(m chat.Message) chat.Message {
	m.Leads, m.OpensDay, m.Reactions = true, true, ""
	return m
}

// windowFor selects the live window for a message that comes. One that nobody changed comes there once: its author gets it twice, by the
// answer and by the stream, and would hear it read aloud twice. One that changed takes the place of what it was.
func windowFor(m chat.Message) string {
	if version(m) != "" {
		return at(idMessages)
	}
	return at(idMessages) + ":not(:has(" + at(messageID(m.Seq)) + "))"
}

// unseen is the seq that a fresh page marks read when it is on screen, or 0: rendering the page marked what it shows, but
// htmx may fetch a page for a tab that nobody looks at.
func unseen(t Thread) int64 {
	if t.UnreadFrom == 0 || len(t.Messages) == 0 {
		return 0
	}
	return t.Messages[len(t.Messages)-1].Seq
}

func seenVals(room, seq int64) string { return fmt.Sprintf(`{"room":%d,"seq":%d}`, room, seq) }
