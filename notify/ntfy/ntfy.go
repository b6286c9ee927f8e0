// Package ntfy tells a topic of a server that speaks the protocol of ntfy. What is told, and when it is tried again, others decide.
package ntfy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// publishTimeout bounds all of a publication: a server that stalls costs no more.
const publishTimeout = 15 * time.Second

// Notification is what a topic is told. It travels as JSON, because headers take no UTF-8.
type Notification struct {
	Topic   string   `json:"topic"`
	Title   string   `json:"title"`
	Message string   `json:"message"`
	Click   string   `json:"click,omitempty"` // where a tap leads
	Tags    []string `json:"tags,omitempty"`
}

// Client is where topics live. It is safe for concurrent use.
type Client struct {
	url  string
	auth *url.Userinfo
	http *http.Client
}

// Parse reads https://ntfy.example.org, with user:password@ or :token@ before the host where the server wants it. The error never
// repeats the URL, which may hold a password.
func Parse(raw string) (*Client, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("must be http:// or https:// and a host")
	}
	s := &Client{auth: u.User, http: &http.Client{
		Transport: http.DefaultTransport.(*http.Transport).Clone(), Timeout: publishTimeout, CheckRedirect: noRedirect}}
	u.User = nil
	if u.Path == "" {
		u.Path = "/"
	}
	s.url = u.String()
	return s, nil
}

// noRedirect stays with the server that the operator chose.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Publish tells a topic. After an error the server may still have taken the note.
func (s *Client) Publish(ctx context.Context, n Notification) error {
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	s.authorize(request)
	answer, err := s.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, 16<<10) // so that the connection serves again
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the push server answers %s", answer.Status)
	}
	return nil
}

// authorize sends a name with its password, or a token, which has no name.
func (s *Client) authorize(r *http.Request) {
	if s.auth == nil {
		return
	}
	password, _ := s.auth.Password()
	if s.auth.Username() == "" {
		r.Header.Set("Authorization", "Bearer "+password)
	} else {
		r.SetBasicAuth(s.auth.Username(), password)
	}
}

// Close lets go of idle connections.
func (s *Client) Close() { s.http.CloseIdleConnections() }
