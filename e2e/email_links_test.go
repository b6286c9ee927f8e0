package e2e

import (
	"regexp"
	"strconv"
	"testing"

	"charla/notify/email/emailtest"
)

var emailLink = regexp.MustCompile(`http://chat\.example\.org(/[a-z]+/[-_A-Za-z0-9]+)`)

// waitForEmailLink waits for the nth e-mail and returns the path of its link.
func waitForEmailLink(t *testing.T, mail *emailtest.Server, n int) string {
	t.Helper()
	waitUntil(t, "the e-mail arrived", func() (bool, string) {
		return len(mail.Messages()) >= n,
			strconv.Itoa(len(mail.Messages()))
	})
	return emailLink.FindStringSubmatch(mail.Messages()[n-1].Text)[1]
}

func TestConfirmAndResetByEmail(t *testing.T) {
	t.Parallel()
	mail := emailtest.New(t, false)
	s := startServer(t, "SMTP_URL="+mail.URL()+"&tls=none", "CHARLA_NTFY_URL=http://127.0.0.1:1",
		"CHARLA_BASE_URL=http://chat.example.org")
	s.setUp()
	ana := s.newBrowser()
	ana.disableCSP()
	ana.allowErrors("status of 4")
	ana.open("/register")
	ana.fill("#name", "Ana")
	ana.fill("#email", "ana@example.org")
	ana.fill("#password", "tres tristes tigres")
	ana.pressKeys("\r")
	ana.waitForPath("/register?sent=1")
	ana.checkAccessibility("after registering")
	confirm := waitForEmailLink(t, mail, 1)
	ana.open(confirm)
	ana.checkAccessibility("the page of the e-mail link")
	ana.fill("#password", "tres tristes tigres")
	ana.pressKeys("\r")
	ana.waitForPath("/chat")
	ana.waitForStream()

	ana.setSize(360, 740)
	ana.open("/settings")
	ana.waitUntil("the page is loaded", `document.readyState === 'complete' && document.querySelector('#topic')`)
	ana.checkAccessibility("settings with mail and push")
	ana.checkFits("/settings", 360)

	other := s.newBrowser()
	other.disableScripts()
	other.open("/login")
	other.click(`a[href="/forgot"]`)
	other.waitForPath("/forgot")
	other.fill("#email", "ana@example.org")
	other.pressKeys("\r")
	other.waitForPath("/forgot?sent=1")
	other.open(waitForEmailLink(t, mail, 2))
	other.fill("#password", "cuatro tristes tigres")
	other.pressKeys("\r")
	other.waitForPath("/login?reset=1")
}
