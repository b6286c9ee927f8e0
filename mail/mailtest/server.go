// Package mailtest gives tests a real SMTP server with STARTTLS and a log-in, which can do what servers do on bad days.
package mailtest

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

	"charla/mail"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Fault is what a server does instead of taking a letter.
type Fault int

// The faults.
const (
	None    Fault = iota
	Stall         // says nothing to MAIL, until the server ends
	Refuse4       // 451 to MAIL
	Refuse5       // 550 to the recipient
	Cut           // takes the letter, and cuts the connection instead of saying so
)

// Letter is what the server took.
type Letter struct {
	To         string
	Header     netmail.Header
	Subject    string
	Text, HTML string
	Raw        string
}

// Server is a running SMTP server.
type Server struct {
	Trust *x509.CertPool // whom a sender trusts that trusts this server

	address string
	ended   chan struct{}
	stop    func()

	mu      sync.Mutex // guards all below
	letters []Letter
	fault   Fault
	tries   int
}

// New starts a server that ends with the test. Without TLS it does not offer STARTTLS.
func New(t testing.TB, withTLS bool) *Server {
	t.Helper()
	s := &Server{ended: make(chan struct{})}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	server.Domain, server.AllowInsecureAuth, server.EnableSMTPUTF8 = "localhost", !withTLS, true
	server.ErrorLog = log.New(io.Discard, "", 0)
	if withTLS {
		server.TLSConfig = s.certify(t)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(listener) }()
	s.stop = sync.OnceFunc(func() { close(s.ended); server.Close(); listener.Close(); <-done })
	t.Cleanup(s.stop)
	return s
}

// certify makes a certificate for 127.0.0.1 that only Trust knows.
func (s *Server) certify(t testing.TB) *tls.Config {
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
	s.Trust = x509.NewCertPool()
	s.Trust.AddCert(certificate)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// Close ends the server and all its connections.
func (s *Server) Close() { s.stop() }

// URL is the server's address as an operator writes it.
func (s *Server) URL() string {
	return "smtp://charla:geheim@" + s.address + "?from=Charla%20%3Ccharla@example.org%3E"
}

// Sender returns one that trusts the server.
func (s *Server) Sender(t testing.TB) *mail.Sender {
	t.Helper()
	sender, err := mail.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	sender.TLS.RootCAs = s.Trust
	return sender
}

// Letters returns what was taken so far.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.letters)
}

// Tries counts how often somebody began to send.
func (s *Server) Tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tries
}

// Suffer makes the server do this from now on.
func (s *Server) Suffer(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *Server) suffers() Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

type session struct {
	server *Server
	conn   *smtp.Conn
	known  bool
	to     string
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.known = user == "charla" && password == "geheim"; !s.known {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	s.server.mu.Lock()
	s.server.tries++
	s.server.mu.Unlock()
	switch s.server.suffers() {
	case Stall:
		<-s.server.ended
	case Refuse4:
		return &smtp.SMTPError{Code: 451, Message: "later"}
	}
	if !s.known {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.server.suffers() == Refuse5 {
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
	letter, err := parse(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, Message: err.Error()}
	}
	letter.To = s.to
	s.server.mu.Lock()
	s.server.letters = append(s.server.letters, letter)
	s.server.mu.Unlock()
	if s.server.suffers() == Cut {
		s.conn.Conn().Close()
	}
	return nil
}

func (s *session) Reset() {}

func (s *session) Logout() error { return nil }

// parse reads a letter of two alternatives.
func parse(raw []byte) (l Letter, err error) {
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
