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

var errLineBreak = errors.New("a header of a letter holds the end of a line")

// encode encodes a letter: plain text, and beside it HTML.
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
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's holiday answers it
	m.SetGenHeader(gomail.HeaderContentLang, l.Lang)
	if l.UnsubscribeURL != "" {
		m.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribe, "<"+l.UnsubscribeURL+">")
		m.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	return m, nil
}

// asciiAddress writes the domain of an address so that every server understands it.
func asciiAddress(address string) (string, error) {
	if parsed, err := netmail.ParseAddress(address); err != nil || parsed.Address != address {
		return "", errors.New("the letter has no address")
	}
	at := strings.LastIndexByte(address, '@') + 1
	domain, err := idna.Lookup.ToASCII(address[at:])
	return address[:at] + domain, err
}

// newClient is how the server is spoken to. Its connection ends with ctx.
func (s *Sender) newClient(ctx context.Context) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithTimeout(sendTimeout), gomail.WithTLSConfig(s.TLS), gomail.WithTLSPolicy(s.tlsPolicy()), gomail.WithoutNoop(),
		gomail.WithDialContextFunc(func(_ context.Context, network, _ string) (net.Conn, error) { return s.dial(ctx, network) }),
	}
	if s.implicitTLS {
		options = append(options, gomail.WithSSL())
	}
	if s.user != "" {
		options = append(options, gomail.WithSMTPAuth(s.authType()), gomail.WithUsername(s.user), gomail.WithPassword(s.password))
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
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	conn = &limitedConn{conn, maxResponseBytes}
	if !s.implicitTLS {
		return conn, nil
	}
	tlsConn := tls.Client(conn, s.TLS)
	return tlsConn, tlsConn.HandshakeContext(ctx)
}

// maxResponseBytes is how many bytes a server may say to one letter, its certificates included. What speaks SMTP needs a few thousand, and
// an answer without an end is read into memory.
const maxResponseBytes = 256 << 10

// limitedConn is a connection from which only so much is read.
type limitedConn struct {
	net.Conn
	remaining int
}

func (c *limitedConn) Read(p []byte) (int, error) {
	if c.remaining <= 0 {
		return 0, errors.New("the mail server says more than a mail server does")
	}
	n, err := c.Conn.Read(p[:min(len(p), c.remaining)])
	c.remaining -= n
	return n, err
}
