// Package emailtest gives tests a real SMTP server with STARTTLS and a log-in, which can do what servers do on bad days.
package emailtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"charla/notify/email"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Fault is what a server does instead of taking a letter.
type Fault int

// The faults.
const (
	None              Fault = iota
	Stall                   // says nothing to MAIL, until the server ends
	RejectTemporarily       // 451 to MAIL
	RejectRecipient         // 550 to the recipient
	Disconnect              // takes the letter, and cuts the connection instead of saying so
)

// Message is what the server took.
type Message struct {
	To         string
	Header     netmail.Header
	Subject    string
	Text, HTML string
	Raw        string
}

// Server is a running SMTP server.
type Server struct {
	RootCAs *x509.CertPool // whom a sender trusts that trusts this server

	address string
	closed  chan struct{}
	stop    func()

	mu       sync.Mutex // guards all below
	messages []Message
	fault    Fault
	attempts int
}

// New starts a server that ends with the test. Without TLS it does not offer STARTTLS.
func New(t testing.TB, withTLS bool) *Server {
	t.Helper()
	s := &Server{closed: make(chan struct{})}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	server.Domain, server.AllowInsecureAuth, server.EnableSMTPUTF8 = "localhost", !withTLS, true
	server.ErrorLog = log.New(io.Discard, "", 0)
	if withTLS {
		server.TLSConfig = s.newCertificate(t)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(listener) }()
	s.stop = sync.OnceFunc(func() { close(s.closed); server.Close(); listener.Close(); <-done })
	t.Cleanup(s.stop)
	return s
}

// newCertificate makes a certificate for 127.0.0.1 that only Trust knows.
func (s *Server) newCertificate(t testing.TB) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.RootCAs = x509.NewCertPool()
	s.RootCAs.AddCert(certificate)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// Close ends the server and all its connections.
func (s *Server) Close() { s.stop() }

// URL is the server's address as an operator writes it.
func (s *Server) URL() string {
	return "smtp://charla:geheim@" + s.address + "?from=Charla%20%3Ccharla@example.org%3E"
}

// Sender returns one that trusts the server.
func (s *Server) Sender(t testing.TB) *email.Sender {
	t.Helper()
	sender, err := email.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	sender.TLS.RootCAs = s.RootCAs
	return sender
}

// Messages returns what was taken so far.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Attempts counts how often somebody began to send.
func (s *Server) Attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts
}

// SetFault makes the server do this from now on.
func (s *Server) SetFault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *Server) currentFault() Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

type session struct {
	server        *Server
	conn          *smtp.Conn
	authenticated bool
	to            string
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.authenticated = user == "charla" && password == "geheim"; !s.authenticated {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	s.server.mu.Lock()
	s.server.attempts++
	s.server.mu.Unlock()
	switch s.server.currentFault() {
	case Stall:
		<-s.server.closed
	case RejectTemporarily:
		return &smtp.SMTPError{Code: 451, Message: "later"}
	}
	if !s.authenticated {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.server.currentFault() == RejectRecipient {
		return &smtp.SMTPError{Code: 550, Message: "nobody here"}
	}
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	letter, err := parseMessage(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, Message: err.Error()}
	}
	letter.To = s.to
	s.server.mu.Lock()
	s.server.messages = append(s.server.messages, letter)
	s.server.mu.Unlock()
	if s.server.currentFault() == Disconnect {
		s.conn.Conn().Close()
	}
	return nil
}

func (s *session) Reset() {}

func (s *session) Logout() error { return nil }

// parseMessage reads a letter of two alternatives.
func parseMessage(raw []byte) (l Message, err error) {
	message, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return l, err
	}
	l.Raw, l.Header = string(raw), message.Header
	if l.Subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject")); err != nil {
		return l, err
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return l, errors.New("no multipart/alternative")
	}
	parts := multipart.NewReader(message.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return l, nil
		}
		if err != nil {
			return l, err
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return l, err
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			l.HTML = text
		} else {
			l.Text = text
		}
	}
}
