package e2e

import (
	"regexp"
	"strconv"
	"testing"

	"charla/mail/mailtest"
)

var inLetter = regexp.MustCompile(`http://chat\.example\.org(/[a-z]+/[-_A-Za-z0-9]+)`)

// letter waits for the nth letter and returns where its link leads.
func letter(t *testing.T, mail *mailtest.Server, n int) string {
	t.Helper()
	until(t, "the letter came", func() (bool, string) { return len(mail.Letters()) >= n, strconv.Itoa(len(mail.Letters())) })
	return inLetter.FindStringSubmatch(mail.Letters()[n-1].Text)[1]
}

func TestComingInByEMail(t *testing.T) {
	t.Parallel()
	mail := mailtest.New(t, false)
	s := serve(t, "SMTP_URL="+mail.URL()+"&tls=none", "CHARLA_NTFY_URL=http://127.0.0.1:1", "CHARLA_BASE_URL=http://chat.example.org")
	ana := s.stranger()
	ana.withoutPolicy()
	ana.tolerate("status of 4")
	ana.open("/register")
	ana.fill("#name", "Ana")
	ana.fill("#email", "ana@example.org")
	ana.fill("#password", "tres tristes tigres")
	ana.press("\r")
	ana.at("/register?sent=1")
	ana.accessible("after registering")
	confirm := letter(t, mail, 1)
	ana.open(confirm)
	ana.accessible("the link of the letter")
	ana.fill("#password", "tres tristes tigres")
	ana.press("\r")
	ana.at("/chat")
	ana.live()

	ana.size(360, 740)
	ana.open("/settings")
	ana.until("it is drawn", `document.readyState === 'complete' && document.querySelector('#topic')`)
	ana.accessible("settings with mail and push")
	ana.fits("/settings", 360)

	other := s.stranger()
	other.withoutScripts()
	other.open("/login")
	other.click(`a[href="/forgot"]`)
	other.at("/forgot")
	other.fill("#email", "ana@example.org")
	other.press("\r")
	other.at("/forgot?sent=1")
	other.open(letter(t, mail, 2))
	other.fill("#password", "cuatro tristes tigres")
	other.press("\r")
	other.at("/login?reset=1")
}
