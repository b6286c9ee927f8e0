// Package ntfy publishes push notifications to an ntfy server. Callers decide what a notification says and when to
// retry.
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

// publishTimeout limits how long one request to the server may take.
const publishTimeout = 15 * time.Second

// Notification is a push notification to a topic. It is sent as JSON, because HTTP headers cannot carry UTF-8.
type Notification struct {
	Topic   string   `json:"topic"`
	Title   string   `json:"title"`
	Message string   `json:"message"`
	Click   string   `json:"click,omitempty"` // the URL that opens when the notification is tapped
	Tags    []string `json:"tags,omitempty"`
}

// Client publishes to one server. It is safe for concurrent use.
type Client struct {
	url  string
	auth *url.Userinfo
	http *http.Client
}

// Parse returns the client that a URL describes: https://ntfy.example.org, with user:password@ or :token@ before the host if
// the server requires it. Errors never contain the URL, because it may hold a password.
func Parse(raw string) (*Client, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" ||
		u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("must be http:// or https:// and a host")
	}
	c := &Client{auth: u.User, http: &http.Client{
		Transport:     http.DefaultTransport.(*http.Transport).Clone(),
		Timeout:       publishTimeout,
		CheckRedirect: noRedirect,
	}}
	u.User = nil
	if u.Path == "" {
		u.Path = "/"
	}
	c.url = u.String()
	return c, nil
}

// noRedirect makes the client treat a redirect as a failure, so that nothing is sent to a server that the operator
// did not choose.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Publish sends a notification. If it returns an error, the server may still have accepted the notification.
func (c *Client) Publish(ctx context.Context, n Notification) error {
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	c.authorize(request)
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 16<<10) // so that the connection can be reused
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the ntfy server answered %s", response.Status)
	}
	return nil
}

// authorize adds the credentials of the URL: basic authentication, or a bearer token if the user name is empty.
func (c *Client) authorize(r *http.Request) {
	if c.auth == nil {
		return
	}
	password, _ := c.auth.Password()
	if c.auth.Username() == "" {
		r.Header.Set("Authorization", "Bearer "+password)
		return
	}
	r.SetBasicAuth(c.auth.Username(), password)
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }
