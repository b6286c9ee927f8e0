package views

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"charla/chat"
)

func TestAReactionNamesTheFirstAndCountsTheRest(t *testing.T) {
	m := line(18)
	var told []string
	for i := range 23 {
		told = append(told, fmt.Sprintf("🎉 %d P%d", 100+i, i))
	}
	m.Reactions = chat.Reactions(strings.Join(append(told, "👍 7 <Eva>"), "\n"))
	html := rendered(t, Message(Locale{}, m))
	has(t, html, `data-by="100 101 `, ` 122"`, "P19 and 3 more", `aria-label="🎉 23: P0, P1,`, `title="&lt;Eva&gt;"`, `id="r-18-1"`)
	lacks(t, html, "P20", "<Eva>")
	has(t, rendered(t, deeds(testPage(), m, Edit{})), "P21, P22")
}

func TestWhatOnesOwnMenuHolds(t *testing.T) {
	p, m := testPage(), line(18)
	own := `action="/messages/918/edit"`
	lacks(t, rendered(t, deeds(p, m, Edit{})), own, "/delete", "<details")
	m.AuthorID = p.Me.ID
	has(t, rendered(t, deeds(p, m, Edit{Edit: chat.Edit{Text: "\nhi"}})), own, `action="/messages/918/delete"`, "\n\nhi</textarea>", "<details x-on")
	refused := Edit{Edit: chat.Edit{Text: "x"}, Error: chat.Errorf(chat.Invalid, "Write something first.")}
	has(t, rendered(t, deeds(p, m, refused)), "<details open x-on", "Write something first.")
	m.DeletedAt = evening
	lacks(t, rendered(t, deeds(p, m, Edit{})), "<form")
	has(t, rendered(t, deeds(p, m, refused)), own) // what was typed stays
}

func TestTheTimeOfAnEditHasItsDayWhereThatDiffers(t *testing.T) {
	m := line(18)
	m.EditedAt = chat.At(evening.Time().Add(time.Hour))
	has(t, rendered(t, edited(Locale{}, m)), "(edited)", ">19:30 UTC<")
	m.EditedAt = chat.At(evening.Time().Add(24 * time.Hour))
	has(t, rendered(t, edited(Locale{}, m)), "Saturday, 21 November 2026", `day="numeric"`)
}

// TestAnAnswerReplacesTheLineAsItWas: the stream may have brought a newer one by then.
func TestAnAnswerReplacesTheLineAsItWas(t *testing.T) {
	m := line(18)
	m.ChangedSeq = 25
	has(t, rendered(t, Changed(Locale{}, chat.Changed{Message: m, After: 18})), `hx-target="#m-18:not([data-version])"`, `<li id="m-18" class="message by-12" data-version="25">`)
	has(t, rendered(t, Changed(Locale{}, chat.Changed{Message: m, After: 20})), `hx-target="#m-18[data-version=&#39;20&#39;]"`, `hx-target="#menu:has([action=&#39;/messages/918/reactions&#39;])" hx-swap="outerHTML"`, `data-from="#d-18, #text"`, `id="d-18"`)
	m.DeletedAt = evening
	has(t, rendered(t, Message(Locale{}, m)), `id="d-18"`) // the focus has a place there, too
	lacks(t, rendered(t, menu(Locale{}, "")), "data-from", "x-init")
}

// TestNamesDoNotTurnEachOther: two that are written from right to left would stand in the wrong order, with the comma elsewhere.
func TestNamesDoNotTurnEachOther(t *testing.T) {
	people := []chat.Person{{ID: 1, Name: "Ana"}, {ID: 2, Name: "محمد"}, {ID: 3, Name: "דנה"}}
	if got, want := names(Locale{}, people, 5), "Ana, \u2068محمد\u2069, \u2068דנה\u2069"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
