package views

import (
	"fmt"
	"strings"
	"testing"

	"charla/chat"
)

func TestFrameOfAMessageIsTheLineOfThePage(t *testing.T) {
	m := line(18)
	row := rendered(t, Message(Locale{}, m))
	frame := rendered(t, NewMessage(Locale{}, m))
	has(t, frame, `<hx-upsert hx-target="#messages:not(:has(#m-18))">`+row+`</hx-upsert>`, `<hx-partial hx-target="#seen" hx-swap="outerHTML">`, `{&#34;room&#34;:7,&#34;seq&#34;:18}`)

	m.ChangedSeq = 20
	has(t, rendered(t, NewMessage(Locale{}, m)), `<hx-upsert hx-target="#messages">`) // it was missed, and is not as it came
	m.ChangedSeq = 18

	page := rendered(t, Messages(testPage(), Sidebar{}, Thread{Conversation: direct, Messages: []chat.Message{m}}))
	has(t, page, row)
	has(t, rendered(t, ChangedMessage(Locale{}, m)), `<hx-partial hx-target="#m-18" hx-swap="outerMorph">`+row)
}

// TestNothingListensElsewhereInALine: what an upsert replaces is not cleaned up. What a button or a form hears itself goes
// with it; a trigger on anything else would stay.
func TestNothingListensElsewhereInALine(t *testing.T) {
	m := line(18)
	m.Leads, m.OpensDay, m.EditedAt, m.Reactions = true, true, evening, "🎉 12 Ana"
	html := rendered(t, Message(Locale{}, m))
	has(t, html, `<form class="reactions"`, `class="message__menu"`)
	lacks(t, html, "hx-trigger", "autofocus")
}

func TestPostedConfirmsAMessageByItsKey(t *testing.T) {
	m := line(18)
	m.Key = `"k"`
	has(t, rendered(t, Posted(Locale{}, m, Composer{Place: chat.Place{Room: 7}})), `<i data-key="&#34;k&#34;" x-init=`, `<hx-upsert hx-target="[data-place=room-7] #messages:not(:has(#m-18))"><li id="m-18"`, `<hx-partial hx-target="#err,#why"></hx-partial>`)
}

func TestTextStaysInTheBox(t *testing.T) {
	html := rendered(t, fields(Locale{}, Composer{Name: "Ana", Key: "k", Body: "\n two</textarea>"}))
	has(t, html, ">\n\n two&lt;/textarea&gt;</textarea>") // HTML drops the first newline of a textarea
	lacks(t, html, "data-text")
	has(t, rendered(t, fields(Locale{}, Composer{Key: "k", Body: "two", Set: true})), `data-text="two" x-init=`)
}

func TestWhoIsWritingIsNamedOrCounted(t *testing.T) {
	people := []chat.Person{{ID: 1, Name: "Ana"}, {ID: 2, Name: "<b>"}, {ID: 3, Name: "Luis"}}
	for count, want := range []string{"", "\u2068Ana\u2069 está escribiendo…", "\u2068Ana\u2069 y \u2068&lt;b&gt;\u2069 están escribiendo…",
		"\u2068Ana\u2069, \u2068&lt;b&gt;\u2069 y \u2068Luis\u2069 están escribiendo…", "\u2068Ana\u2069, \u2068&lt;b&gt;\u2069 y 2 más están escribiendo…"} {
		got := rendered(t, Typing(Locale{Lang: "es"}, people[:min(count, 3)], count))
		if got != `<hx-partial hx-target="#typing">`+want+`</hx-partial>` {
			t.Errorf("%d: %s", count, got)
		}
	}
}

func TestPresenceNamesWhoChanged(t *testing.T) {
	h := Here{People: []chat.Person{{ID: 2, Name: "Ana"}}, Count: 3}
	html := rendered(t, Presence(Locale{}, h, true, []int64{2}, []int64{5}))
	has(t, html, `<hx-partial hx-target="#here" hx-swap="innerMorph">`, "and 2 more", `<hx-partial hx-target="#here-count">3</hx-partial>`,
		`<hx-partial hx-target="#dot-2,#state-2"><i class="dot"></i>`, `<hx-partial hx-target="#dot-5,#state-5"><span class="state state--away">`)
	lacks(t, rendered(t, Presence(Locale{}, h, false, nil, nil)), `hx-target="#here"`)
}

// TestAFullListIsSmall: it is sent to everybody who connects.
func TestAFullListIsSmall(t *testing.T) {
	var h Here
	for i := range int64(100) {
		h.People = append(h.People, chat.Person{ID: 1000 + i, Name: fmt.Sprintf("Person %d", i)})
	}
	if n := len(rendered(t, Presence(Locale{}, h, true, nil, nil))); n > 10<<10 {
		t.Errorf("100 people take %d bytes", n)
	}
}

func TestStateOfOneReader(t *testing.T) {
	s := Sidebar{Rows: []Row{{Conversation: direct, Online: true, Current: true}, {Conversation: chat.Conversation{Room: 1, Kind: chat.Channel, Name: "General", Unread: 100}}}}
	html := rendered(t, State(Locale{}, s, &direct, true))
	has(t, html, `<hx-partial hx-target="#mine" hx-swap="innerMorph">`, `<a id="with-2" class="row hue-2" href="/messages?with=2"`, ` aria-current="page"`, `id="dot-2"`,
		`<a id="room-1" class="row row--channel" href="/messages?room=1"`, "99+ unread", `<hx-partial hx-target="#state-2">`, "<title>(99+) Ana · Charla</title>")
	if strings.Count(html, "aria-current") != 1 {
		t.Error("not exactly one row is current")
	}
	has(t, rendered(t, State(Locale{}, Sidebar{}, nil, false)), "<title>Charla</title>")
}
