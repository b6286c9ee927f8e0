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

var message = email.Message{
	ID:             "charla.7.1",
	Name:           "Ana Ñandú",
	To:             "ana@example.org",
	Subject:        "3 sin leer · ¡hola!",
	Text:           "Canción\n.\nafter a line with only a dot\n",
	HTML:           "<p>Canción</p>",
	Lang:           "es",
	UnsubscribeURL: "https://chat.example.org/unsubscribe/x",
}

func TestMessageArrivesUnchanged(t *testing.T) {
	s := emailtest.New(t, true)
	if err := s.Sender(t).Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	got := s.Messages()[0]
	if got.To != message.To || got.Subject != message.Subject ||
		got.Text != message.Text || got.HTML != message.HTML {
		t.Errorf("the server received %+v", got)
	}
	for name, want := range map[string]string{
		"Message-Id":            "<charla.7.1@example.org>",
		"From":                  `"Charla" <charla@example.org>`,
		"Auto-Submitted":        "auto-generated",
		"Content-Language":      "es",
		"List-Unsubscribe":      "<https://chat.example.org/unsubscribe/x>",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
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
	m := message
	m.To = "ana@correo.españa.example"
	if err := s.Sender(t).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := s.Messages()[0].To; got != "ana@correo.xn--espaa-rta.example" {
		t.Errorf("the recipient is %s", got)
	}
}

func TestHeaderInjectionIsRefused(t *testing.T) {
	s := emailtest.New(t, true)
	for _, inject := range []func(*email.Message){
		func(m *email.Message) { m.Subject = "x\r\nBcc: victim@example.org" },
		func(m *email.Message) { m.Name = "x\nBcc: victim@example.org" },
		func(m *email.Message) { m.To = "ana@example.org\r\nRCPT TO:<victim@example.org>" },
		func(m *email.Message) { m.To = "ana@example.org>\r\nDATA" },
		func(m *email.Message) { m.UnsubscribeURL = "https://x>\r\nX: y" },
		func(m *email.Message) { m.ID = "a\r\nX: y" },
	} {
		m := message
		inject(&m)
		if err := s.Sender(t).Send(t.Context(), m); err == nil {
			t.Errorf("%+v was sent", m)
		}
	}
	m := message
	m.Name = `"><b>, victim@example.org "`
	m.Subject = `Subject: <script> =?utf-8?q?=0D=0ABcc:x?= ` + strings.Repeat("ñ", 300)
	if err := s.Sender(t).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := s.Messages()
	if len(got) != 1 {
		t.Fatalf("the server received %d messages", len(got))
	}
	to, err := got[0].Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != m.To || got[0].Header.Get("Bcc") != "" {
		t.Errorf("the recipients are %v, %v", to, err)
	}
	for line := range strings.Lines(got[0].Raw) {
		if len(line) > 998 {
			t.Errorf("a line has %d bytes", len(line))
		}
	}
}

func TestUnencryptedConnectionsAreRefused(t *testing.T) {
	withoutTLS := emailtest.New(t, false)
	if err := withoutTLS.Sender(t).Send(t.Context(), message); err == nil || withoutTLS.Attempts() != 0 {
		t.Errorf("a message was sent to a server without STARTTLS, error %v", err)
	}
	s := emailtest.New(t, true)
	sender := s.Sender(t)
	sender.TLS.RootCAs = nil
	if err := sender.Send(t.Context(), message); err == nil || s.Attempts() != 0 {
		t.Errorf("a message was sent to a server with an untrusted certificate, error %v", err)
	}
	plaintext, err := email.Parse(withoutTLS.URL() + "&tls=none")
	if err != nil {
		t.Fatal(err)
	}
	if err := plaintext.Send(t.Context(), message); err != nil || len(withoutTLS.Messages()) != 1 {
		t.Errorf("tls=none to a server on this machine failed: %v", err)
	}
}

func TestServerFaults(t *testing.T) {
	s := emailtest.New(t, true)
	for fault, accepted := range map[emailtest.Fault]int{
		emailtest.RejectTemporarily: 0, emailtest.RejectRecipient: 0, emailtest.Disconnect: 1, emailtest.Stall: 0,
	} {
		s.SetFault(fault)
		before := len(s.Messages())
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		start := time.Now()
		err := s.Sender(t).Send(ctx, message)
		cancel()
		if err == nil || time.Since(start) > 5*time.Second || len(s.Messages()) != before+accepted {
			t.Fatalf("fault %d: error %v after %v", fault, err, time.Since(start))
		}
		if strings.Contains(err.Error(), "geheim") {
			t.Errorf("the error contains the password: %v", err)
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
		t.Error("sending to a server that is down returned no error")
	}
}

// TestEndlessResponseIsCutOff uses a server whose first response never ends. The sender must give up before it has
// read much of it.
func TestEndlessResponseIsCutOff(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	written := make(chan int)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		n := 0
		for err == nil && n < 1<<30 {
			var more int
			more, err = conn.Write(bytes.Repeat([]byte("220-and more\r\n"), 4096))
			n += more
		}
		conn.Close()
		written <- n
	}()
	defer listener.Close()
	s, err := email.Parse("smtp://" + listener.Addr().String() + "?from=charla@example.org&tls=none")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), message); err == nil || !strings.Contains(err.Error(), "too much data") {
		t.Error(err)
	}
	if n := <-written; n > 64<<20 { // some of it is in the buffers of the network
		t.Errorf("the server could write %d bytes", n)
	}
}

// TestCanceledWhileConnecting cancels a message when the server has just accepted the connection. Sending ends at once;
// the race detector notices if closing the connection races with setting it up.
func TestCanceledWhileConnecting(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	accepted := make(chan net.Conn, 1)
	go func() {
		conn, _ := listener.Accept()
		cancel()
		accepted <- conn
	}()
	s, err := email.Parse("smtp://" + listener.Addr().String() + "?from=charla@example.org&tls=none")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(ctx, message); err == nil {
		t.Error("a canceled message was sent")
	}
	if conn := <-accepted; conn != nil {
		conn.Close()
	}
}
