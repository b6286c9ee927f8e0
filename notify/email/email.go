// Package email sends one letter at a time over SMTP. What stands in it, and when it is tried again, others decide.
package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// sendTimeout bounds all of a sending: a server that stalls costs no more.
const sendTimeout = 30 * time.Second

// Message is what one person is told. ID names it: the same letter sent again has the same ID. UnsubscribeURL is where a mail
// program unsubscribes by POST (RFC 8058), or empty.
type Message struct {
	ID             string // without the host
	Name, To       string
	Subject        string
	Text, HTML     string
	Lang           string
	UnsubscribeURL string
}

// Sender hands letters to one server. It is safe for concurrent use.
type Sender struct {
	TLS *tls.Config // how the server proves who it is; Parse sets what is usual

	from           *netmail.Address
	host, port     string
	user, password string
	implicitTLS    bool // TLS from the first byte
	plaintext      bool // no TLS at all
}

// Parse reads smtp://user:password@host:587?from=Name%20<address>, or smtps:// for TLS from the first byte. Without that TLS
// begins by STARTTLS, and a server that does not offer it gets nothing; with tls=none, for a server on the same machine,
// nothing is encrypted. The error never repeats the URL, which holds a password.
func Parse(raw string) (*Sender, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("must be smtp://user:password@host:587?from=… or smtps://…")
	}
	s := &Sender{host: u.Hostname(), port: u.Port(), user: u.User.Username(), implicitTLS: u.Scheme == "smtps"}
	s.password, _ = u.User.Password()
	s.TLS = &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}
	if s.port == "" {
		s.port = map[bool]string{false: "587", true: "465"}[s.implicitTLS]
	}
	if n, err := strconv.ParseUint(s.port, 10, 16); err != nil || n == 0 {
		return nil, errors.New("has a port that is none")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errors.New("has a query that cannot be read")
	}
	return s, s.parseOptions(query)
}

func (s *Sender) parseOptions(query url.Values) (err error) {
	for name := range query {
		if name != "from" && name != "tls" {
			return fmt.Errorf("knows from and tls after the question mark, not %q", name)
		}
	}
	if s.from, err = netmail.ParseAddress(query.Get("from")); err != nil {
		return errors.New("needs the sender: ?from=Charla%20<charla@example.org>")
	}
	switch query.Get("tls") {
	case "":
	case "none":
		s.plaintext = true
	default:
		return errors.New("knows tls=none alone")
	}
	if s.plaintext && s.implicitTLS {
		return errors.New("is smtps:// and tls=none at once")
	}
	if s.plaintext && s.user != "" && !isLoopback(s.host) {
		return errors.New("would send its password in the clear: tls=none is for a server on this machine")
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// fromDomain is that of the sender's address.
func (s *Sender) fromDomain() string {
	return s.from.Address[strings.LastIndexByte(s.from.Address, '@')+1:]
}

// Send hands a letter over, within half a minute. After an error the server may still have taken it: it is sent again
// under the same ID.
func (s *Sender) Send(ctx context.Context, l Message) error {
	message, err := s.encode(l)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel() // closes the connection, which go-mail leaves open after a failure
	client, err := s.newClient(ctx)
	if err != nil {
		return err
	}
	server, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	if err := client.SendWithSMTPClient(server, message); err != nil && !message.IsDelivered() {
		return err
	}
	_ = client.CloseWithSMTPClient(server) // the letter is theirs, whatever they say to a good-bye
	return nil
}
