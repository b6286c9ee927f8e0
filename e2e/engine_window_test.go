package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// engineWindow is a user with a browser other than Chromium. It has the same conditions as tab, and the actions that
// the tests need.
type engineWindow struct {
	*browserErrors
	engine
	name string
	id   string
}

// newEngineUser registers a user in a window of their own.
func newEngineUser(e engine, s *server, name string) *engineWindow {
	w := &engineWindow{browserErrors: e.errorLog(), engine: e, name: name}
	w.Helper()
	w.id = e.open(s.url("/register"))
	w.fill("#name", name)
	w.fill("#email", emailOf(name))
	w.fill("#password", password)
	w.typeKeys(enterKey)
	w.waitUntil("the chat is open", `location.pathname === '/chat' && `+onlineNames+sprintf(`.includes(%s)`,
		asJSON(name)))
	return w
}

// eval evaluates an expression in the page.
func (w *engineWindow) eval(expression string, value any) error {
	text, err := w.evaluate(w.id, "JSON.stringify("+expression+")")
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), value)
}

func (w *engineWindow) waitUntil(what, script string) {
	w.Helper()
	waitUntil(w.T, w.name+" sees in "+w.browser+" that "+what, func() (ok bool, saw string) {
		if err := w.eval("!!("+script+")", &ok); err != nil {
			return false, err.Error()
		}
		if !ok {
			if err := w.eval(pageState, &saw); err != nil {
				saw = err.Error()
			}
		}
		return ok, saw
	})
}

func (w *engineWindow) click(selector string) {
	w.Helper()
	var xy []float64
	waitUntil(w.T, w.name+" can click "+selector, func() (bool, string) {
		err := w.eval(sprintf(clickPoint, asJSON(selector)), &xy)
		return err == nil && len(xy) == 2, fmt.Sprint(xy, err)
	})
	w.performActions(w.id, params{"type": "pointer", "id": "mouse", "actions": []params{
		{"type": "pointerMove", "x": int(xy[0]), "y": int(xy[1])}, {"type": "pointerDown",
			"button": 0}, {"type": "pointerUp", "button": 0},
	}})
}

// Keys in the encoding of WebDriver.
const (
	enterKey   = "\ue007"
	escapeKey  = "\ue00c"
	shiftKey   = "\ue008"
	controlKey = "\ue009"
)

// clickWith clicks while a key is down.
func (w *engineWindow) clickWith(key, selector string) {
	w.Helper()
	press := func(action string) {
		w.performActions(w.id, params{"type": "key", "id": "keyboard", "actions": []params{{"type": action, "value": key}}})
	}
	press("keyDown")
	w.click(selector)
	press("keyUp")
}

// typeKeys presses and releases one key after the other.
func (w *engineWindow) typeKeys(keys string) {
	w.Helper()
	var actions []params
	for _, key := range keys {
		actions = append(actions, params{"type": "keyDown", "value": string(key)},
			params{"type": "keyUp", "value": string(key)})
	}
	w.performActions(w.id, params{"type": "key", "id": "keyboard", "actions": actions})
}

func (w *engineWindow) fill(selector, text string) {
	w.Helper()
	w.click(selector)
	w.typeKeys(text)
}

// pressShiftEnter presses Enter while Shift is down.
func (w *engineWindow) pressShiftEnter() {
	w.Helper()
	w.performActions(w.id, params{"type": "key", "id": "keyboard", "actions": []params{
		{"type": "keyDown", "value": shiftKey}, {"type": "keyDown", "value": enterKey}, {"type": "keyUp",
			"value": enterKey}, {"type": "keyUp", "value": shiftKey},
	}})
}

// sendMessage types a message, presses Enter, and waits until it is sent.
func (w *engineWindow) sendMessage(text string) {
	w.Helper()
	w.waitUntil("the composer is ready", composerReady)
	w.fill("#composer-text", text+enterKey)
	w.waitUntil("“"+text+"” is sent", composerReady)
}

func (w *engineWindow) waitForMessages(want ...string) {
	w.Helper()
	w.waitUntil("the messages are "+asJSON(want), sprintf(`JSON.stringify(%s) === %s`, messageTexts,
		asJSON(asJSON(want))))
}

// openConversationWith waits until a user is online and opens the conversation with them.
func (w *engineWindow) openConversationWith(other string) {
	w.Helper()
	w.waitUntil(other+" is online", onlineNames+sprintf(`.includes(%s)`, asJSON(other)))
	w.click(sprintf(`#online-list [data-i=%q]`, other[:1]))
	w.waitUntil("the conversation is open",
		sprintf(`document.querySelector('#conversation-name bdi')?.textContent === %s`, asJSON(other)))
}

// testConversation lets two users write and react, and restarts the server.
func testConversation(t *testing.T, e engine) {
	s := startServer(t)
	ana, bob := newEngineUser(e, s, "Ana"), newEngineUser(e, s, "Bob")
	ana.checkViolationsAreReported()

	ana.openConversationWith("Bob")
	bob.openConversationWith("Ana")
	ana.sendMessage("Hello Bob")
	bob.waitForMessages("Hello Bob")
	bob.sendMessage("Hello Ana")
	ana.waitForMessages("Hello Bob", "Hello Ana")
	bob.click(messageSelector(1))
	bob.click(messageSelector(1) + " .message__menu-button")
	bob.waitUntil("the menu is open", menuOpen+` && `+menuOnScreen)
	bob.click(`#message-menu .emoji-option[value="👍"]`)
	for _, w := range []*engineWindow{ana, bob} {
		w.waitUntil("the reaction is there", reactionsOf(1)+` === '👍 1'`)
	}

	ana.leaveAndReturn()
	ana.waitForMessages("Hello Bob", "Hello Ana")

	s.stop()
	for _, w := range []*engineWindow{ana, bob} {
		w.waitUntil("Charla does not answer", `document.querySelector('.connection-status__message')`)
	}
	bob.fill("#composer-text", "while it was away"+enterKey)
	bob.waitUntil("it is queued", `document.querySelector('.waiting-message')`)
	s.start()
	for _, w := range []*engineWindow{ana, bob} {
		w.waitForMessages("Hello Bob", "Hello Ana", "while it was away")
	}
	ana.sendMessage("Welcome back")
	bob.waitForMessages("Hello Bob", "Hello Ana", "while it was away", "Welcome back")
}

// testFilesAndSettings attaches, describes and sends files, and changes a setting.
func testFilesAndSettings(t *testing.T, e engine) {
	s := startServer(t)
	samples := newSampleFiles(t)
	bob, ana := newEngineUser(e, s, "Bob"), newEngineUser(e, s, "Ana")
	ana.openConversationWith("Bob")
	bob.openConversationWith("Ana")
	ana.setFiles(ana.id, "#composer [type=file]", []string{samples.png("one.png", 40, 30), samples.write("two.txt",
		[]byte("two"))})
	ana.waitUntil("they are queued", attachmentNames+` === 'one.png|two.txt'`)
	ana.click(".attachment__alt-summary")
	ana.fill(".attachment__alt", "Hills")
	ana.click("#attachment-2 .attachment__button")
	ana.waitUntil("one file is removed, the other one has an alternative text",
		attachmentNames+` === 'one.png' && document.querySelector('.attachment__alt-current').innerText === 'Hills'`)
	ana.sendMessage("Shift makes a line")
	const alt = `document.querySelector('#m-1 .picture__image')?.alt`
	bob.waitUntil("the picture has its alternative text", alt+` === 'Hills'`)
	ana.waitUntil("the composer is empty", attachmentNames+` === ''`)
	ana.click(messageSelector(1) + " .message__body")
	ana.click(messageSelector(1) + " .message__menu-button")
	ana.waitUntil("the menu is open", menuOpen)
	ana.click("#message-menu details:has(textarea) > summary")
	ana.fill("#message-menu .attachment__alt", " at dusk")
	ana.click("#message-menu .message-actions__form .button")
	bob.waitUntil("the new alternative text is shown", alt+` === 'Hills at dusk'`)

	ana.click(".profile-link")
	ana.waitUntil("the settings are open", `location.pathname === '/settings' && document.readyState === 'complete'`)
	ana.click(".settings-section:has([action='/settings/password']) > summary")
	ana.fill("#current", "not my password")
	ana.fill("#password", "another good one"+enterKey)
	ana.waitUntil("the error is visible",
		`document.activeElement.id === 'current' &&
		document.querySelector('#current-error').getBoundingClientRect().bottom <= innerHeight`)
	ana.fill("#current", password)
	ana.fill("#password", "another good one"+enterKey)
	ana.waitUntil("the confirmation is visible",
		`location.search === '?saved=password' && (r => r.top >= 0 &&
		r.bottom <= innerHeight)(document.querySelector('.form__note').getBoundingClientRect())`)
}

// leaveAndReturn opens another page and goes back. Firefox cuts the stream as soon as a link is clicked; the page must
// not report that as a lost connection.
func (w *engineWindow) leaveAndReturn() {
	w.Helper()
	const observe = `new MutationObserver(() =>
		sessionStorage.news ||= document.querySelector('.connection-status__message')?.innerText ?? '')
		.observe(document.body, {childList: true, subtree: true}) ?? true`
	if err := w.eval(observe, new(bool)); err != nil {
		w.Fatal(err)
	}
	w.click(".profile-link")
	w.waitUntil("the settings are open, and no lost connection was reported",
		`location.pathname === '/settings' && !sessionStorage.news`)
	if err := w.eval(`history.back() ?? true`, new(bool)); err != nil {
		w.Fatal(err)
	}
}

// checkViolationsAreReported causes a violation of the CSP and requires that the browser reports it, so that the other
// tests would notice one.
func (w *engineWindow) checkViolationsAreReported() {
	w.Helper()
	const nowhere = "http://127.0.0.1:1/"
	w.allowErrors(`(?i)(?:content-security-policy|policy violated).*` + nowhere)
	if err := w.eval(sprintf(`new Image().src = %q`, nowhere), new(string)); err != nil {
		w.Fatal(err)
	}
	waitUntil(w.T, "the violation is reported", func() (bool, string) {
		w.eval("0", new(int))
		return slices.ContainsFunc(w.problems, func(p string) bool {
			return strings.Contains(p,
				nowhere)
		}), fmt.Sprint(w.problems)
	})
}
