package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestSessionEndedElsewhere(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.open("/rooms")
	ana.waitForStream()
	ana.click("#room-1")
	ana.waitForConversation("room=1")
	elsewhere := s.newBrowser()
	elsewhere.open("/login")
	elsewhere.logIn("Ana")
	elsewhere.waitForPath("/chat")
	elsewhere.api().mustPost("/settings/password", url.Values{"current": {password}, "password": {password + " 2"}})
	ana.waitUntil("the login page explains why it is shown",
		`location.pathname === '/login' &&
		document.querySelector('#form-error').innerText === 'Your session ended. Sign in again to continue.'`)
	ana.fill("#email", emailOf("Ana"))
	ana.fill("#password", password+" 2")
	ana.pressKeys("\r")
	ana.waitForConversation("room=1")
}

func TestDeepLinkReturnsAfterLogIn(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.newAPIUser("Ana")
	b := s.newBrowser()
	b.open("/messages?room=1")
	b.waitUntil("the login page is open", `location.pathname === '/login'`)
	b.allowErrors("status of 401")
	b.fill("#email", emailOf("Ana"))
	b.fill("#password", "not this one")
	b.pressKeys("\r")
	b.waitUntil("the wrong password is refused",
		`document.querySelector('#form-error').innerText && document.querySelector('#email').value`)
	b.fill("#password", password)
	b.pressKeys("\r")
	b.waitForConversation("room=1")
}

func TestLogOutReachesEveryTab(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	second := ana.anotherTab()
	second.open("/messages?room=1")
	second.waitForStream()
	second.fill("#composer-text", strings.Repeat("long ", 1000)) // which the server refuses
	second.waitUntil("the browser keeps what she writes", localStorageText+`.includes('long long')`)
	ana.open("/settings")
	ana.click(`form[action="/logout"] button`)
	ana.waitForPath("/login")
	second.waitUntil("the session has ended", `location.pathname === '/login'`)
	second.waitUntil("the browser keeps nothing of what she wrote", localStorageEmpty)
	second.open("/messages?room=1")
	second.waitUntil("the login page is open", `location.pathname === '/login'`)
}

func TestLogOutClearsDrafts(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.newAPIUser("Bob")
	ana := s.newUser("Ana")
	ana.allowErrors("status of 401") // the send queue may ask once more while the session ends
	ana.open("/messages?with=1")
	ana.waitForStream()
	ana.fill("#composer-text", "between us")
	ana.waitUntil("the browser keeps it until the server has it", `!`+localStorageText+`.includes('between us')`)
	ana.waitForStoredDraft("with=1", "between us")
	long := strings.Repeat("long ", 1000) // which the server refuses
	ana.fill("#composer-text", long)
	ana.waitUntil("the browser keeps it", localStorageText+`.includes('long long')`)
	ana.open("/settings")
	ana.click(`form[action="/logout"] button`)
	ana.waitForPath("/login")
	if left := eval[string](ana, localStorageText); strings.Trim(left, "{},") != "" {
		t.Errorf("after the log-out the browser keeps %q", left)
	}
	carla := ana
	carla.register("Carla")
	carla.waitForPath("/chat")
	carla.open("/messages?with=1")
	carla.waitForStream()
	carla.waitForComposerText("")
}

func TestLogOutClearsSendQueue(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.newAPIUser("Bob")
	slow := s.newSlowProxy(t)
	ana := s.newBrowser()
	ana.addr = slow.addr
	ana.allowErrors(serverDownErrors)
	ana.register("Ana")
	ana.waitForPath("/chat")
	ana.open("/messages?with=1")
	ana.waitForStream()
	slow.dropResponses()
	ana.typeAndEnter("between us")
	ana.waitUntil("it is queued", queuedTexts+` === 'between us'`)
	ana.open("/settings")
	ana.waitUntil("the message is still queued", localStorageText+`.includes('between us')`)
	ana.click(`form[action="/logout"] button`)
	ana.waitForPath("/login")
	if left := eval[string](ana, localStorageText); strings.Contains(left, "between us") {
		t.Errorf("after the log-out the browser keeps %q", left)
	}
}

// TestSignOutByOneClick signs out from an open conversation, on a phone and on a wide screen. On every page the button is
// in the window and covers no other control.
func TestSignOutByOneClick(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	ana := s.newUser("Ana")
	ana.allowErrors("status of 404")
	s.newAPIUser("Bob").postMessages("room=1", "hello")
	const button = `form[action="/logout"] button`
	for _, width := range []int64{320, 1000} {
		ana.setSize(width, 640)
		for _, path := range pagePaths {
			ana.open(path)
			ana.waitUntil("the button to sign out is in the window of "+path, `(() => {
				const button = document.querySelector('`+button+`');
				button.scrollIntoView({block: 'nearest'});
				const box = button.getBoundingClientRect();
				const others = [...document.querySelectorAll('a, button')].filter(e => e !== button && e.checkVisibility());
				return box.width >= 44 && box.left >= 0 && box.right <= innerWidth &&
					button.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)) &&
					!others.some(e => { const o = e.getBoundingClientRect();
						return o.width > 1 && o.left < box.right && o.right > box.left && o.top < box.bottom && o.bottom > box.top; });
			})()`)
		}
		ana.open("/messages?room=1")
		ana.waitForStream()
		ana.saveScreenshot(fmt.Sprint("sign-out-", width))
		ana.click(button)
		ana.waitForPath("/login")
		ana.logIn("Ana")
		ana.waitForPath("/chat")
	}
}
