// Package ntfy sends push notifications to an ntfy server. Its callers write the content and try again after errors.
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

// Notification is a push notification for everyone who subscribes to an ntfy topic. It is sent as JSON, because HTTP
// headers cannot contain UTF-8.
type Notification struct {
	Topic   string   `json:"topic"`
	Title   string   `json:"title"`
	Message string   `json:"message"`
	Click   string   `json:"click,omitempty"` // the URL that opens when the notification is tapped
	Tags    []string `json:"tags,omitempty"`
}

// Client sends notifications to one ntfy server. It is safe for concurrent use.
type Client struct {
	url  string
	auth *url.Userinfo
	http *http.Client
}

// Parse returns a client for a URL such as https://ntfy.example.org. If the server requires credentials, the URL
// contains user:password@ or :token@ before the host. Errors do not contain the URL, because the URL may contain a
// password.
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

// noRedirect makes the HTTP client return a redirect as the response instead of following it, so that Publish reports
// an error. Otherwise notifications could reach a server that the operator has not chosen.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Publish sends a notification to the server. Even if it returns an error, the server may have accepted the
// notification.
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

// authorize adds the credentials in the server's URL to a request: as a bearer token if the user name is empty,
// otherwise as basic authentication.
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

// Close closes idle connections to the server.
func (c *Client) Close() { c.http.CloseIdleConnections() }
