// Package emailtest provides an SMTP server for tests, with STARTTLS, authentication and faults that a test can switch
// on.
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

// Fault is a way in which a test can make the server fail.
type Fault int

// These are the values of Fault.
const (
	None              Fault = iota
	Stall                   // does not answer MAIL until the server is closed
	RejectTemporarily       // answers MAIL with 451
	RejectRecipient         // answers RCPT with 550
	Disconnect              // accepts the message and closes the connection without a response
)

// Message is a message that the server has accepted, with its headers and parts decoded.
type Message struct {
	To         string
	Header     netmail.Header
	Subject    string
	Text, HTML string
	Raw        string
}

// Server is an SMTP server on this machine that stores the messages that it accepts. Create it with New.
type Server struct {
	RootCAs *x509.CertPool // verifies the server's certificate

	address string
	closed  chan struct{}
	stop    func()

	mu       sync.Mutex // guards the fields below
	messages []Message
	fault    Fault
	attempts int
}

// New starts a server that is closed when the test ends. The server offers STARTTLS only if withTLS is true.
func New(t testing.TB, withTLS bool) *Server {
	t.Helper()
	s := &Server{closed: make(chan struct{})}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
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

// newCertificate returns a TLS configuration with a new self-signed certificate for 127.0.0.1. It sets s.RootCAs so
// that clients can trust the certificate.
func (s *Server) newCertificate(t testing.TB) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
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

// Close stops the server and closes all its connections.
func (s *Server) Close() { s.stop() }

// URL returns the URL of this server, with credentials, in the form of the setting SMTP_URL.
func (s *Server) URL() string {
	return "smtp://charla:geheim@" + s.address + "?from=Charla%20%3Ccharla@example.org%3E"
}

// Sender returns a sender that sends through this server and trusts its certificate.
func (s *Server) Sender(t testing.TB) *email.Sender {
	t.Helper()
	sender, err := email.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	sender.TLS.RootCAs = s.RootCAs
	return sender
}

// Messages returns the messages that the server has accepted so far.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Attempts returns how many MAIL commands the server has received. A client sends one for each attempt to deliver a
// message.
func (s *Server) Attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts
}

// SetFault makes the server fail in the given way from now on. None makes it work again.
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
		return &smtp.SMTPError{Code: 550, Message: "no such user"}
	}
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	message, err := parseMessage(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, Message: err.Error()}
	}
	message.To = s.to
	s.server.mu.Lock()
	s.server.messages = append(s.server.messages, message)
	s.server.mu.Unlock()
	if s.server.currentFault() == Disconnect {
		s.conn.Conn().Close()
	}
	return nil
}

func (s *session) Reset() {}

func (s *session) Logout() error { return nil }

// parseMessage decodes an e-mail that has the type multipart/alternative and consists of a text part and an HTML part.
func parseMessage(raw []byte) (m Message, err error) {
	parsed, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, err
	}
	m.Raw, m.Header = string(raw), parsed.Header
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		return m, err
	}
	mediaType, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/alternative" {
		return m, errors.New("the message is not multipart/alternative")
	}
	parts := multipart.NewReader(parsed.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return m, err
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.HTML = text
		} else {
			m.Text = text
		}
	}
}
