// Package email sends e-mails over SMTP, with a new connection for each message. Its callers write the content and try
// again after errors.
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

// sendTimeout limits how long sending one message may take, from connecting to the server's last response.
const sendTimeout = 30 * time.Second

// Message is an e-mail to one person. If the same e-mail is sent again, it must have the same ID, so that mail programs
// can recognize the copy.
type Message struct {
	ID             string // the part of the Message-ID before the "@"
	Name, To       string
	Subject        string
	Text, HTML     string
	Lang           string
	UnsubscribeURL string // for one-click unsubscription by POST (RFC 8058); empty for none
}

// Sender sends e-mails through one SMTP server. It is safe for concurrent use.
type Sender struct {
	TLS *tls.Config // verifies the server's certificate; set by Parse

	from           *netmail.Address
	host, port     string
	user, password string
	implicitTLS    bool // TLS from the first byte
	plaintext      bool // no TLS at all
}

// Parse returns a sender for a URL such as smtp://user:password@host:587?from=Name%20<address>. With smtps:// the
// connection uses TLS from the start. With smtp:// the connection switches to TLS by STARTTLS, and sending fails if the
// server does not offer STARTTLS. The parameter tls=none turns encryption off; together with a password it is allowed
// only for a server on the same machine. Errors do not contain the URL, because the URL may contain a password.
func Parse(raw string) (*Sender, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" ||
		u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("must be smtp://user:password@host:587?from=… or smtps://…")
	}
	s := &Sender{host: u.Hostname(), port: u.Port(), user: u.User.Username(), implicitTLS: u.Scheme == "smtps"}
	s.password, _ = u.User.Password()
	s.TLS = &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}
	if s.port == "" {
		s.port = map[bool]string{false: "587", true: "465"}[s.implicitTLS]
	}
	if n, err := strconv.ParseUint(s.port, 10, 16); err != nil || n == 0 {
		return nil, errors.New("has an invalid port")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errors.New("has an invalid query")
	}
	return s, s.parseOptions(query)
}

func (s *Sender) parseOptions(query url.Values) (err error) {
	for name := range query {
		if name != "from" && name != "tls" {
			return fmt.Errorf("has the unknown parameter %q: only from and tls are allowed", name)
		}
	}
	if s.from, err = netmail.ParseAddress(query.Get("from")); err != nil {
		return errors.New("must name the sender: ?from=Charla%20<charla@example.org>")
	}
	switch query.Get("tls") {
	case "":
	case "none":
		s.plaintext = true
	default:
		return errors.New("has an invalid value of tls: only tls=none is allowed")
	}
	if s.plaintext && s.implicitTLS {
		return errors.New("must not combine smtps:// with tls=none")
	}
	if s.plaintext && s.user != "" && !isLoopback(s.host) {
		return errors.New("must not combine a password with tls=none unless the server runs on this machine")
	}
	return nil
}

// isLoopback reports whether a host name or IP address means this machine, such as localhost.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// fromDomain returns the domain of the address from which the messages are sent.
func (s *Sender) fromDomain() string {
	return s.from.Address[strings.LastIndexByte(s.from.Address, '@')+1:]
}

// Send sends a message within sendTimeout. Even if it returns an error, the server may have accepted the message, so
// another attempt must use the same ID.
func (s *Sender) Send(ctx context.Context, l Message) error {
	message, err := s.encode(l)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel() // this also closes the connection, which go-mail leaves open after a failure
	client, err := s.newClient(ctx)
	if err != nil {
		return err
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	if err := client.SendWithSMTPClient(conn, message); err != nil && !message.IsDelivered() {
		return err
	}
	_ = client.CloseWithSMTPClient(conn) // the server has accepted the message, so a failing QUIT does not matter
	return nil
}
