package mail_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"charla/mail"
	"charla/mail/mailtest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var letter = mail.Letter{ID: "charla.7.1", Name: "Ana Ñandú", To: "ana@example.org", Subject: "3 sin leer · ¡hola!", Lang: "es",
	Text: "Canción\n.\nwith a lone dot\n", HTML: "<p>Canción</p>", OneClick: "https://chat.example.org/unsubscribe/x"}

func TestALetterArrivesAsItWasWritten(t *testing.T) {
	s := mailtest.New(t, true)
	if err := s.Sender(t).Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	got := s.Letters()[0]
	if got.To != "ana@example.org" || got.Subject != letter.Subject || got.Text != letter.Text || got.HTML != letter.HTML {
		t.Errorf("got %+v", got)
	}
	for name, want := range map[string]string{
		"Message-Id": "<charla.7.1@example.org>", "From": `"Charla" <charla@example.org>`, "Auto-Submitted": "auto-generated", "Content-Language": "es",
		"List-Unsubscribe": "<https://chat.example.org/unsubscribe/x>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
		}
	}
	if to, err := got.Header.AddressList("To"); err != nil || to[0].Name != letter.Name {
		t.Errorf("To: %v, %v", to, err)
	}
}

func TestADomainInLettersIsSentInASCII(t *testing.T) {
	s := mailtest.New(t, true)
	l := letter
	l.To = "ana@correo.españa.example"
	if err := s.Sender(t).Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if got := s.Letters()[0].To; got != "ana@correo.xn--espaa-rta.example" {
		t.Errorf("got %s", got)
	}
}

func TestNoHeaderCanBeSmuggledIn(t *testing.T) {
	s := mailtest.New(t, true)
	for _, evil := range []func(*mail.Letter){
		func(l *mail.Letter) { l.Subject = "x\r\nBcc: victim@example.org" },
		func(l *mail.Letter) { l.Name = "x\nBcc: victim@example.org" },
		func(l *mail.Letter) { l.To = "ana@example.org\r\nRCPT TO:<victim@example.org>" },
		func(l *mail.Letter) { l.To = "ana@example.org>\r\nDATA" },
		func(l *mail.Letter) { l.OneClick = "https://x>\r\nX: y" },
		func(l *mail.Letter) { l.ID = "a\r\nX: y" },
	} {
		l := letter
		evil(&l)
		if err := s.Sender(t).Send(t.Context(), l); err == nil {
			t.Errorf("%+v went out", l)
		}
	}
	l := letter
	l.Name, l.Subject = `"><b>, victim@example.org "`, `Subject: <script> =?utf-8?q?=0D=0ABcc:x?= `+strings.Repeat("ñ", 300)
	if err := s.Sender(t).Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	got := s.Letters()
	to, err := got[0].Header.AddressList("To")
	if len(got) != 1 || err != nil || len(to) != 1 || to[0].Address != "ana@example.org" || got[0].Header.Get("Bcc") != "" {
		t.Errorf("got %v %v %v", len(got), to, err)
	}
	for line := range strings.Lines(got[0].Raw) {
		if len(line) > 998 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
}

func TestNothingGoesOutInTheClear(t *testing.T) {
	bare := mailtest.New(t, false)
	if err := bare.Sender(t).Send(t.Context(), letter); err == nil || bare.Tries() != 0 {
		t.Errorf("a server without STARTTLS was used: %v", err)
	}
	s := mailtest.New(t, true)
	stranger := s.Sender(t)
	stranger.TLS.RootCAs = nil
	if err := stranger.Send(t.Context(), letter); err == nil || s.Tries() != 0 {
		t.Errorf("a server of whom nobody vouches was used: %v", err)
	}
	plain, err := mail.Parse(bare.URL() + "&tls=none")
	if err != nil {
		t.Fatal(err)
	}
	if err := plain.Send(t.Context(), letter); err != nil || len(bare.Letters()) != 1 {
		t.Errorf("tls=none on this machine: %v", err)
	}
}

func TestFaults(t *testing.T) {
	s := mailtest.New(t, true)
	for fault, taken := range map[mailtest.Fault]int{mailtest.Refuse4: 0, mailtest.Refuse5: 0, mailtest.Cut: 1, mailtest.Stall: 0} {
		s.Suffer(fault)
		before := len(s.Letters())
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		start := time.Now()
		err := s.Sender(t).Send(ctx, letter)
		cancel()
		if err == nil || time.Since(start) > 5*time.Second || len(s.Letters()) != before+taken {
			t.Errorf("fault %d: %v after %v", fault, err, time.Since(start))
		}
		if strings.Contains(err.Error(), "geheim") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
	s.Suffer(mailtest.None)
	if err := s.Sender(t).Send(t.Context(), letter); err != nil {
		t.Error(err)
	}
	down, err := mail.Parse("smtp://127.0.0.1:1?from=charla@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if err := down.Send(t.Context(), letter); err == nil {
		t.Error("a server that is down took a letter")
	}
}

// A server that never ends its first answer is given up, and not kept in memory.
func TestAnAnswerWithoutAnEnd(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan int)
	go func() {
		line, err := listener.Accept()
		if err != nil {
			return
		}
		n := 0
		for err == nil && n < 1<<30 {
			var more int
			more, err = line.Write(bytes.Repeat([]byte("220-and more\r\n"), 4096))
			n += more
		}
		line.Close()
		said <- n
	}()
	defer listener.Close()
	s, err := mail.Parse("smtp://" + listener.Addr().String() + "?from=charla@example.org&tls=none")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), letter); err == nil || !strings.Contains(err.Error(), "more than a mail server does") {
		t.Error(err)
	}
	if n := <-said; n > 64<<20 { // what the network held is not ours
		t.Errorf("it could say %d bytes", n)
	}
}
