package views

import (
	"strings"
	"testing"

	"charla/chat"
)

var direct = chat.Conversation{Room: 7, Kind: chat.Direct, Name: "Ana", Me: 1, Peer: 2, LastSeq: 18}

func testPage() Page {
	return Page{Nonce: "N0", Me: chat.User{ID: 1, Name: "Luz"}, Asset: func(name string) string { return "/static/" + name }}
}

func TestPageCarriesItsStream(t *testing.T) {
	thread := Thread{Conversation: direct, Messages: []chat.Message{line(17), line(18)}, Older: true, Cursor: 18, UnreadFrom: 18}
	html := rendered(t, Messages(testPage(), Sidebar{}, thread))
	has(t, html, `hx-sse:connect="/events?with=2&amp;after=18"`, `hx-sse:close="bye"`, `href="/messages?with=2&amp;before=17"`,
		`<iframe class="live-frame" src="/messages/live?with=2" loading="lazy"`, `<div hx-get="/login?ended=1" hx-trigger="logout from:body"`, "Unread from here",
		`<script nonce="N0" src="/static/htmx.min.js"></script>`, `<body hx-nonce:inherited="N0" x-data `, `<title>Ana · Charla</title>`, `href="/me.css"`)
	lacks(t, html, "pauseOnBackground", `htmx.min.js" defer`)
	if strings.Count(html, "hx-sse:connect=") != 1 {
		t.Error("a page has one stream")
	}

	p := testPage()
	p.Background = true
	has(t, rendered(t, Messages(p, Sidebar{}, thread)), "sse.pauseOnBackground:false")
}

func TestWindowOnThePastIsNotLive(t *testing.T) {
	html := rendered(t, Messages(testPage(), Sidebar{}, Thread{Conversation: direct, Messages: []chat.Message{line(3)}, Before: 4}))
	has(t, html, `<ol id="older"`, `href="/messages?with=2">To the newest messages`, "This is where your conversation with Ana begins.")
	lacks(t, html, "hx-sse:connect", "<iframe", "<textarea", `id="messages"`)
}

func TestEmptyPlaceHelps(t *testing.T) {
	general := Row{Conversation: chat.Conversation{Room: 1, Kind: chat.Channel, Name: "General", LastSeq: 1}}
	html := rendered(t, Chat(testPage(), Sidebar{Rows: []Row{general}, Here: Here{Count: 1}}))
	has(t, html, `hx-sse:connect="/events"`, "Send somebody the address", `href="/messages?room=1"`)

	html = rendered(t, Chat(testPage(), Sidebar{Rows: []Row{general, {Conversation: direct}}, Here: Here{Count: 1}}))
	has(t, html, "Choose a conversation")
}

func TestSearchSaysWhatItFound(t *testing.T) {
	s := Sidebar{Query: `<b>`, Search: true}
	html := rendered(t, Chat(testPage(), s))
	has(t, html, "Nobody here has “&lt;b&gt;” in their name.", `name="q" value="&lt;b&gt;"`)
	s.Found = []Found{{Person: chat.Person{ID: 5, Name: "Bo"}, Online: true}}
	has(t, rendered(t, Chat(testPage(), s)), "People found", `href="/messages?with=5"`)
}

func TestFormsKeepWhatWasTyped(t *testing.T) {
	f := Form{Values: map[string]string{"name": "Ana", "email": `a"b`, "password": "secret"}, Errors: map[string]*chat.Error{
		"email": chat.Errorf(chat.Invalid, "This does not look like an e-mail address."),
	}}
	html := rendered(t, RegisterForm(testPage(), f))
	has(t, html, `value="Ana"`, `value="a&#34;b"`, `aria-describedby="email-err"`, `<p id="email-err" class="field__error">This does not look`)
	lacks(t, html, "secret", "<html")
	has(t, rendered(t, Login(Page{Asset: testPage().Asset}, "/messages?with=2", f)), `name="next" value="/messages?with=2"`, "<html", `data-theme=""`)
}

func TestGuestsGetNothingPrivate(t *testing.T) {
	guest := Page{Asset: testPage().Asset}
	html := rendered(t, ErrorPage(guest, 404, "There is nothing here, or it is not for you.", "req-1"))
	has(t, html, "There is nothing here", "req-1", "<title>404 · Charla</title>")
	lacks(t, html, "/me.css", "logout")
}

func TestNeverEndingList(t *testing.T) {
	thread := Thread{Conversation: direct, Messages: []chat.Message{line(17)}, Older: true}
	html := rendered(t, LiveOpen(testPage(), thread))
	has(t, html, `<html lang="en"`, `<base target="_top">`, `<ol class="messages">`, `id="m-17"`, "before=17")
	lacks(t, html, "</ol>", "</body>", "<script", "hx-trigger")
	has(t, rendered(t, LiveEnd(Locale{}, true)), `<meta http-equiv="refresh" content="1">`)
	has(t, rendered(t, LiveEnd(Locale{}, false)), `href="/login" target="_top"`)
}

func TestSettingsShowTheChoice(t *testing.T) {
	html := rendered(t, Settings(testPage(), Choices{Looks: Form{Values: map[string]string{"theme": "dark"}, Note: "Saved."}}))
	has(t, html, `<option value="dark" selected>`, `<option value="" selected>As the browser says`, "Saved.", `action="/logout"`)
}

func TestURLs(t *testing.T) {
	for got, want := range map[string]string{
		EventsURL(chat.Place{}, 5):         "/events",
		EventsURL(chat.Place{With: 2}, 0):  "/events?with=2&after=0",
		EventsURL(chat.Place{Room: 1}, 7):  "/events?room=1&after=7",
		MessagesURL(chat.Place{Room: 1}):   "/messages?room=1",
		BeforeURL(chat.Place{With: 2}, 41): "/messages?with=2&before=41",
		LiveURL(chat.Place{With: 2}):       "/messages/live?with=2",
		MessageURL(3):                      "/messages/3",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
