package mail

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

var errLine = errors.New("a header of a letter holds the end of a line")

// message encodes a letter: plain text, and beside it HTML.
func (s *Sender) message(l Letter) (*gomail.Msg, error) {
	for _, header := range []string{l.ID, l.Name, l.To, l.Subject, l.Lang, l.OneClick} {
		if strings.ContainsAny(header, "\r\n\x00") {
			return nil, errLine
		}
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	to, err := ascii(l.To)
	if err != nil {
		return nil, err
	}
	m.FromMailAddress(s.from)
	m.ToMailAddress(&netmail.Address{Name: l.Name, Address: to})
	m.Subject(l.Subject)
	m.SetMessageIDWithValue(l.ID + "@" + s.domain())
	m.SetDate()
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's holiday answers it
	m.SetGenHeader(gomail.HeaderContentLang, l.Lang)
	if l.OneClick != "" {
		m.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribe, "<"+l.OneClick+">")
		m.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	return m, nil
}

// ascii writes the domain of an address so that every server understands it.
func ascii(address string) (string, error) {
	if parsed, err := netmail.ParseAddress(address); err != nil || parsed.Address != address {
		return "", errors.New("the letter has no address")
	}
	at := strings.LastIndexByte(address, '@') + 1
	domain, err := idna.Lookup.ToASCII(address[at:])
	return address[:at] + domain, err
}

// client is how the server is spoken to. Its connection ends with ctx.
func (s *Sender) client(ctx context.Context) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithTimeout(sendWithin), gomail.WithTLSConfig(s.TLS), gomail.WithTLSPolicy(s.policy()), gomail.WithoutNoop(),
		gomail.WithDialContextFunc(func(_ context.Context, network, _ string) (net.Conn, error) { return s.dial(ctx, network) }),
	}
	if s.implicit {
		options = append(options, gomail.WithSSL())
	}
	if s.user != "" {
		options = append(options, gomail.WithSMTPAuth(s.login()), gomail.WithUsername(s.user), gomail.WithPassword(s.password))
	}
	return gomail.NewClient(s.host, options...)
}

func (s *Sender) policy() gomail.TLSPolicy {
	if s.plain {
		return gomail.NoTLS
	}
	return gomail.TLSMandatory
}

func (s *Sender) login() gomail.SMTPAuthType {
	if s.plain {
		return gomail.SMTPAuthPlainNoEnc
	}
	return gomail.SMTPAuthAutoDiscover
}

func (s *Sender) dial(ctx context.Context, network string) (net.Conn, error) {
	address := net.JoinHostPort(s.host, s.port)
	line, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { line.Close() })
	line = &terse{line, maxAnswers}
	if !s.implicit {
		return line, nil
	}
	secured := tls.Client(line, s.TLS)
	return secured, secured.HandshakeContext(ctx)
}

// maxAnswers is how many bytes a server may say to one letter, its certificates included. What speaks SMTP needs a few thousand, and
// an answer without an end is read into memory.
const maxAnswers = 256 << 10

// terse is a connection from which only so much is read.
type terse struct {
	net.Conn
	left int
}

func (c *terse) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errors.New("the mail server says more than a mail server does")
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
