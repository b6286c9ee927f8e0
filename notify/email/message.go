package email

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	netmail "net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

var errLineBreak = errors.New("a header of the message contains a line break")

// encode returns the message in MIME format, with a plain text part and an HTML part.
func (s *Sender) encode(l Message) (*gomail.Msg, error) {
	for _, header := range []string{l.ID, l.Name, l.To, l.Subject, l.Lang, l.UnsubscribeURL} {
		if strings.ContainsAny(header, "\r\n\x00") {
			return nil, errLineBreak
		}
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	to, err := asciiAddress(l.To)
	if err != nil {
		return nil, err
	}
	m.FromMailAddress(s.from)
	m.ToMailAddress(&netmail.Address{Name: l.Name, Address: to})
	m.Subject(l.Subject)
	m.SetMessageIDWithValue(l.ID + "@" + s.fromDomain())
	m.SetDate()
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: suppresses vacation replies
	m.SetGenHeader(gomail.HeaderContentLang, l.Lang)
	if l.UnsubscribeURL != "" {
		m.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribe, "<"+l.UnsubscribeURL+">")
		m.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	return m, nil
}

// asciiAddress returns an e-mail address in which the domain is converted to ASCII (punycode), because some servers do
// not support international domains.
func asciiAddress(address string) (string, error) {
	if parsed, err := netmail.ParseAddress(address); err != nil || parsed.Address != address {
		return "", errors.New("the recipient's address is invalid")
	}
	at := strings.LastIndexByte(address, '@') + 1
	domain, err := idna.Lookup.ToASCII(address[at:])
	return address[:at] + domain, err
}

// newClient returns an SMTP client that sends one message. When ctx is canceled, the connection of the client is
// closed.
func (s *Sender) newClient(ctx context.Context) (*gomail.Client, error) {
	dial := func(_ context.Context, network, _ string) (net.Conn, error) { return s.dial(ctx, network) }
	options := []gomail.Option{
		gomail.WithTimeout(sendTimeout),
		gomail.WithTLSConfig(s.TLS),
		gomail.WithTLSPolicy(s.tlsPolicy()),
		gomail.WithoutNoop(),
		gomail.WithDialContextFunc(dial),
	}
	if s.implicitTLS {
		options = append(options, gomail.WithSSL())
	}
	if s.user != "" {
		options = append(options,
			gomail.WithSMTPAuth(s.authType()), gomail.WithUsername(s.user), gomail.WithPassword(s.password))
	}
	return gomail.NewClient(s.host, options...)
}

func (s *Sender) tlsPolicy() gomail.TLSPolicy {
	if s.plaintext {
		return gomail.NoTLS
	}
	return gomail.TLSMandatory
}

func (s *Sender) authType() gomail.SMTPAuthType {
	if s.plaintext {
		return gomail.SMTPAuthPlainNoEnc
	}
	return gomail.SMTPAuthAutoDiscover
}

func (s *Sender) dial(ctx context.Context, network string) (net.Conn, error) {
	address := net.JoinHostPort(s.host, s.port)
	dialed, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { dialed.Close() })
	conn := &limitedConn{dialed, maxResponseBytes}
	if !s.implicitTLS {
		return conn, nil
	}
	tlsConn := tls.Client(conn, s.TLS)
	return tlsConn, tlsConn.HandshakeContext(ctx)
}

// maxResponseBytes limits how many bytes are read from the server while one message is sent, including the server's
// certificates. A normal server sends a few thousand bytes; without the limit an endless response could fill the
// memory.
const maxResponseBytes = 256 << 10

// limitedConn is a network connection from which only a limited number of bytes can be read. After that, reading fails.
type limitedConn struct {
	net.Conn
	remaining int
}

func (c *limitedConn) Read(p []byte) (int, error) {
	if c.remaining <= 0 {
		return 0, errors.New("the mail server sent too much data")
	}
	n, err := c.Conn.Read(p[:min(len(p), c.remaining)])
	c.remaining -= n
	return n, err
}
