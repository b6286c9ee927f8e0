package email_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"charla/notify/email"
	"charla/notify/email/emailtest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var message = email.Message{ID: "charla.7.1", Name: "Ana Ñandú", To: "ana@example.org", Subject: "3 sin leer · ¡hola!", Lang: "es",
	Text: "Canción\n.\nwith a lone dot\n", HTML: "<p>Canción</p>", UnsubscribeURL: "https://chat.example.org/unsubscribe/x"}

func TestMessageArrivesUnchanged(t *testing.T) {
	s := emailtest.New(t, true)
	if err := s.Sender(t).Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	got := s.Messages()[0]
	if got.To != "ana@example.org" || got.Subject != message.Subject || got.Text != message.Text || got.HTML != message.HTML {
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
	if to, err := got.Header.AddressList("To"); err != nil || to[0].Name != message.Name {
		t.Errorf("To: %v, %v", to, err)
	}
}

func TestInternationalDomainIsSentAsASCII(t *testing.T) {
	s := emailtest.New(t, true)
	l := message
	l.To = "ana@correo.españa.example"
	if err := s.Sender(t).Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if got := s.Messages()[0].To; got != "ana@correo.xn--espaa-rta.example" {
		t.Errorf("got %s", got)
	}
}

func TestHeaderInjectionIsRefused(t *testing.T) {
	s := emailtest.New(t, true)
	for _, evil := range []func(*email.Message){
		func(l *email.Message) { l.Subject = "x\r\nBcc: victim@example.org" },
		func(l *email.Message) { l.Name = "x\nBcc: victim@example.org" },
		func(l *email.Message) { l.To = "ana@example.org\r\nRCPT TO:<victim@example.org>" },
		func(l *email.Message) { l.To = "ana@example.org>\r\nDATA" },
		func(l *email.Message) { l.UnsubscribeURL = "https://x>\r\nX: y" },
		func(l *email.Message) { l.ID = "a\r\nX: y" },
	} {
		l := message
		evil(&l)
		if err := s.Sender(t).Send(t.Context(), l); err == nil {
			t.Errorf("%+v went out", l)
		}
	}
	l := message
	l.Name, l.Subject = `"><b>, victim@example.org "`, `Subject: <script> =?utf-8?q?=0D=0ABcc:x?= `+strings.Repeat("ñ", 300)
	if err := s.Sender(t).Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	got := s.Messages()
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

func TestUnencryptedConnectionsAreRefused(t *testing.T) {
	bare := emailtest.New(t, false)
	if err := bare.Sender(t).Send(t.Context(), message); err == nil || bare.Attempts() != 0 {
		t.Errorf("a server without STARTTLS was used: %v", err)
	}
	s := emailtest.New(t, true)
	stranger := s.Sender(t)
	stranger.TLS.RootCAs = nil
	if err := stranger.Send(t.Context(), message); err == nil || s.Attempts() != 0 {
		t.Errorf("a server of whom nobody vouches was used: %v", err)
	}
	plain, err := email.Parse(bare.URL() + "&tls=none")
	if err != nil {
		t.Fatal(err)
	}
	if err := plain.Send(t.Context(), message); err != nil || len(bare.Messages()) != 1 {
		t.Errorf("tls=none on this machine: %v", err)
	}
}

func TestServerFaults(t *testing.T) {
	s := emailtest.New(t, true)
	for fault, taken := range map[emailtest.Fault]int{emailtest.RejectTemporarily: 0, emailtest.RejectRecipient: 0, emailtest.Disconnect: 1, emailtest.Stall: 0} {
		s.SetFault(fault)
		before := len(s.Messages())
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		start := time.Now()
		err := s.Sender(t).Send(ctx, message)
		cancel()
		if err == nil || time.Since(start) > 5*time.Second || len(s.Messages()) != before+taken {
			t.Errorf("fault %d: %v after %v", fault, err, time.Since(start))
		}
		if strings.Contains(err.Error(), "geheim") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
	s.SetFault(emailtest.None)
	if err := s.Sender(t).Send(t.Context(), message); err != nil {
		t.Error(err)
	}
	down, err := email.Parse("smtp://127.0.0.1:1?from=charla@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if err := down.Send(t.Context(), message); err == nil {
		t.Error("a server that is down took a letter")
	}
}

// A server that never ends its first answer is given up, and not kept in memory.
func TestEndlessResponseIsCutOff(t *testing.T) {
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
	s, err := email.Parse("smtp://" + listener.Addr().String() + "?from=charla@example.org&tls=none")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), message); err == nil || !strings.Contains(err.Error(), "more than a mail server does") {
		t.Error(err)
	}
	if n := <-said; n > 64<<20 { // what the network held is not ours
		t.Errorf("it could say %d bytes", n)
	}
}
