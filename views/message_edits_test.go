package views

import (
	"testing"
	"time"

	"charla/chat"
)

func TestMessageActions(t *testing.T) {
	p, m := testPage(), testMessage(18)
	own := `action="/messages/918/edit"`
	wantLacks(t, renderHTML(t, messageActions(p, m, MessageState{}, EditForm{})), own, "/delete", "<details")
	wantLacks(t, renderHTML(t, messageActions(p, m, MessageState{}, EditForm{})), "/pin", "/unsave")
	wantContains(t, renderHTML(t, messageActions(p, m, MessageState{Saved: true, Pin: true}, EditForm{})), "/pin", "/unsave")
	m.AuthorID = p.Me.ID
	typed := EditForm{MessageEdit: chat.MessageEdit{Text: "\nhi"}}
	wantContains(t, renderHTML(t, messageActions(p, m, MessageState{}, typed)), own,
		`action="/messages/918/delete"`, "\n\nhi</textarea>", "<details x-data")
	refused := EditForm{MessageEdit: chat.MessageEdit{Text: "x"},
		Error: chat.Errorf(chat.Invalid, "Write a message first.")}
	wantContains(t, renderHTML(t, messageActions(p, m, MessageState{}, refused)),
		"<details open x-data", "Write a message first.")
	m.DeletedAt = testTime
	wantLacks(t, renderHTML(t, messageActions(p, m, MessageState{}, EditForm{})), "<form")
	wantContains(t, renderHTML(t, messageActions(p, m, MessageState{}, refused)), own) // the typed text stays
}

func TestEditedMark(t *testing.T) {
	m := testMessage(18)
	m.EditedAt = chat.TimestampOf(testTime.Time().Add(time.Hour))
	wantContains(t, renderHTML(t, editedMark(Locale{}, m)), "(edited)", ">7:30 PM UTC<")
	m.EditedAt = chat.TimestampOf(testTime.Time().Add(24 * time.Hour))
	wantContains(t, renderHTML(t, editedMark(Locale{}, m)), "Saturday, November 21", `day="numeric"`)
}

// TestResponseReplacesOnlyThePreviousVersion checks that the response replaces only the previous version, because the
// stream may have delivered a newer one.
func TestResponseReplacesOnlyThePreviousVersion(t *testing.T) {
	m := testMessage(18)
	m.ChangedSeq = 25
	wantContains(t, renderHTML(t, MessageChangedResponse(Locale{}, chat.ChangeResult{Message: m, PreviousSeq: 18})),
		`hx-target="#m-18:not([data-version])"`, `<li id="m-18" class="message by-12" data-version="25">`)
	wantContains(t, renderHTML(t, MessageChangedResponse(Locale{}, chat.ChangeResult{Message: m, PreviousSeq: 20})),
		`hx-target="#m-18[data-version=&#39;20&#39;]"`,
		`hx-target="#message-menu:has([action=&#39;/messages/918/reactions&#39;])" hx-swap="outerHTML"`,
		`data-from=":focus, :root:not(:has(:focus)) :is(#menu-button-18, #composer-text)"`, `id="menu-button-18"`)
	m.DeletedAt = testTime
	wantContains(t, renderHTML(t, Message(Locale{}, m)), `id="menu-button-18"`) // so the focus stays here
	wantLacks(t, renderHTML(t, messageMenu(Locale{}, "")), "data-from", "x-init")
}
