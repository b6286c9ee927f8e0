package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// window is a person before a browser that is not Chromium. It shares the conditions of tab, and does what a story needs.
type window struct {
	*complaints
	engine
	name string
	id   string
}

// newcomer registers somebody in a window of their own.
func newcomer(e engine, s *server, name string) *window {
	w := &window{complaints: e.noted(), engine: e, name: name}
	w.Helper()
	w.id = e.open(s.url("/register"))
	w.fill("#name", name)
	w.fill("#email", email(name))
	w.fill("#password", password)
	w.typ(enterKey)
	w.until("the chat is open", `location.pathname === '/chat' && `+here+say(`.includes(%s)`, asJSON(name)))
	return w
}

// answer evaluates an expression in the page.
func (w *window) answer(expression string, value any) error {
	text, err := w.evaluate(w.id, "JSON.stringify("+expression+")")
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), value)
}

func (w *window) until(what, script string) {
	w.Helper()
	until(w.T, w.name+" sees in "+w.browser+" that "+what, func() (ok bool, saw string) {
		if err := w.answer("!!("+script+")", &ok); err != nil {
			return false, err.Error()
		}
		if !ok {
			if err := w.answer(state, &saw); err != nil {
				saw = err.Error()
			}
		}
		return ok, saw
	})
}

func (w *window) click(selector string) {
	w.Helper()
	var xy []float64
	until(w.T, w.name+" can click "+selector, func() (bool, string) {
		err := w.answer(say(spot, asJSON(selector)), &xy)
		return err == nil && len(xy) == 2, fmt.Sprint(xy, err)
	})
	w.act(w.id, params{"type": "pointer", "id": "mouse", "actions": []params{
		{"type": "pointerMove", "x": int(xy[0]), "y": int(xy[1])}, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0},
	}})
}

// Keys, as WebDriver writes them.
const (
	enterKey  = "\ue007"
	escapeKey = "\ue00c"
	shiftKey  = "\ue008"
)

// typ presses and releases one key after the other.
func (w *window) typ(keys string) {
	w.Helper()
	var actions []params
	for _, key := range keys {
		actions = append(actions, params{"type": "keyDown", "value": string(key)}, params{"type": "keyUp", "value": string(key)})
	}
	w.act(w.id, params{"type": "key", "id": "keyboard", "actions": actions})
}

func (w *window) fill(selector, text string) {
	w.Helper()
	w.click(selector)
	w.typ(text)
}

// breaksLine presses Enter while Shift is down.
func (w *window) breaksLine() {
	w.Helper()
	w.act(w.id, params{"type": "key", "id": "keyboard", "actions": []params{
		{"type": "keyDown", "value": shiftKey}, {"type": "keyDown", "value": enterKey}, {"type": "keyUp", "value": enterKey}, {"type": "keyUp", "value": shiftKey},
	}})
}

// writes sends a message by Enter.
func (w *window) writes(text string) {
	w.Helper()
	w.until("the box is ready", ready)
	w.fill("#text", text+enterKey)
	w.until("“"+text+"” is sent", ready)
}

func (w *window) reads(want ...string) {
	w.Helper()
	w.until("the messages are "+asJSON(want), say(`JSON.stringify(%s) === %s`, lines, asJSON(asJSON(want))))
}

// meets opens the conversation with somebody who is here.
func (w *window) meets(other string) {
	w.Helper()
	w.until(other+" is here", here+say(`.includes(%s)`, asJSON(other)))
	w.click(say(`#here [data-i=%q]`, other[:1]))
	w.until("the conversation is open", say(`document.querySelector('#conv-name bdi')?.textContent === %s`, asJSON(other)))
}

// twoTalk is the story of two people: they talk, react, and come back after a restart.
func twoTalk(t *testing.T, e engine) {
	s := serve(t)
	ana, bob := newcomer(e, s, "Ana"), newcomer(e, s, "Bob")
	ana.hearsOfViolations()

	ana.meets("Bob")
	bob.meets("Ana")
	ana.writes("Hello Bob")
	bob.reads("Hello Bob")
	bob.writes("Hello Ana")
	ana.reads("Hello Bob", "Hello Ana")
	bob.click(line(1))
	bob.click(line(1) + " .message__menu")
	bob.until("the menu is open", menuOpen+` && `+menuOnScreen)
	bob.click(`#menu .emoji[value="👍"]`)
	for _, w := range []*window{ana, bob} {
		w.until("the reaction is there", reacted(1)+` === '👍 1'`)
	}

	ana.leaves()
	ana.reads("Hello Bob", "Hello Ana")

	s.stop()
	for _, w := range []*window{ana, bob} {
		w.until("Charla does not answer", `document.querySelector('.connection__news')`)
	}
	bob.fill("#text", "while it was away"+enterKey)
	bob.until("it waits", `document.querySelector('#outbox[data-waits]')`)
	s.start()
	for _, w := range []*window{ana, bob} {
		w.reads("Hello Bob", "Hello Ana", "while it was away")
	}
	ana.writes("Welcome back")
	bob.reads("Hello Bob", "Hello Ana", "while it was away", "Welcome back")
}

// filesAndSettings: files wait, are described before and after they are sent, and travel; a setting is answered in sight.
func filesAndSettings(t *testing.T, e engine) {
	s := serve(t)
	mine := newAlbum(t)
	bob, ana := newcomer(e, s, "Bob"), newcomer(e, s, "Ana")
	ana.meets("Bob")
	bob.meets("Ana")
	ana.choose(ana.id, "#composer [type=file]", []string{mine.png("one.png", 40, 30), mine.keep("two.txt", []byte("two"))})
	ana.until("they wait", chips+` === 'one.png|two.txt'`)
	ana.click(".chip__summary")
	ana.fill(".chip__alt", "Hills")
	ana.click("#chip-2 .chip__button")
	ana.until("one is removed, the other described", chips+` === 'one.png' && document.querySelector('.chip__described').innerText === 'Hills'`)
	ana.writes("Shift makes a line")
	const alt = `document.querySelector('#m-1 .picture__image')?.alt`
	bob.until("it came with its description", alt+` === 'Hills'`)
	ana.until("the box is empty", chips+` === ''`)
	ana.click(line(1) + " .message__body")
	ana.click(line(1) + " .message__menu")
	ana.until("the menu is open", menuOpen)
	ana.click("#menu details:has(textarea) > summary")
	ana.fill("#menu .chip__alt", " at dusk")
	ana.click("#menu .deeds__form .button")
	bob.until("it is described anew", alt+` === 'Hills at dusk'`)

	ana.click(".me")
	ana.until("the settings are there", `location.pathname === '/settings' && document.readyState === 'complete'`)
	ana.click(".part:has([action='/settings/password']) > summary")
	ana.fill("#current", "not my password")
	ana.fill("#password", "another good one"+enterKey)
	ana.until("it is wrong, in sight", `document.activeElement.id === 'current' && document.querySelector('#current-err').getBoundingClientRect().bottom <= innerHeight`)
	ana.fill("#current", password)
	ana.fill("#password", "another good one"+enterKey)
	ana.until("it is saved, in sight", `location.search === '?saved=password' && (r => r.top >= 0 && r.bottom <= innerHeight)(document.querySelector('.form__saved').getBoundingClientRect())`)
}

// leaves goes to another page and back. Firefox cuts the stream as soon as one clicks, which is no news.
func (w *window) leaves() {
	w.Helper()
	const observe = `new MutationObserver(() => sessionStorage.news ||= document.querySelector('.connection__news')?.innerText ?? '').observe(document.body, {childList: true, subtree: true}) ?? true`
	if err := w.answer(observe, new(bool)); err != nil {
		w.Fatal(err)
	}
	w.click(".me")
	w.until("the settings are there, and nothing was said of a lost connection", `location.pathname === '/settings' && !sessionStorage.news`)
	if err := w.answer(`history.back() ?? true`, new(bool)); err != nil {
		w.Fatal(err)
	}
}

// hearsOfViolations proves that a breach of the page's policy would not pass in silence.
func (w *window) hearsOfViolations() {
	w.Helper()
	const nowhere = "http://127.0.0.1:1/"
	w.tolerate(`(?i)(?:content-security-policy|policy violated).*` + nowhere)
	if err := w.answer(say(`new Image().src = %q`, nowhere), new(string)); err != nil {
		w.Fatal(err)
	}
	until(w.T, "the breach is heard of", func() (bool, string) {
		w.answer("0", new(int))
		return slices.ContainsFunc(w.problems, func(p string) bool { return strings.Contains(p, nowhere) }), fmt.Sprint(w.problems)
	})
}
