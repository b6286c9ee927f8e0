package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// random is a source of random choices. Several goroutines may share it.
type random struct {
	mu     sync.Mutex // guards source
	source *rand.Rand
}

// intN returns a number from 0 to n-1.
func (d *random) intN(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.source.IntN(n)
}

// millis returns a random duration between two bounds in milliseconds.
func (d *random) millis(least, most int) time.Duration {
	return time.Duration(least+d.intN(most-least+1)) * time.Millisecond
}

// pick returns a random element of a list.
func pick[T any](d *random, list []T) T { return list[d.intN(len(list))] }

// sleep waits until a duration has passed or ctx is done. It only makes actors slow; conditions are awaited with
// eventually.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// user is somebody with a session, which works on every node. It is the session of a browser, or of an API client with
// tokens; then cookie is only a name for the session.
type user struct {
	id     int64
	cookie string
	tokens *tokenHolder
}

// httpClient shares its connections, so that a cut hits whatever is sent over them.
var httpClient = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 16},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// newRequest makes a request of this user to a node. A body that is a *strings.Reader is a form; other bodies are
// bytes.
func (p user) newRequest(ctx context.Context, n *node, method, path string, body io.Reader) *http.Request {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+n.clientProxy.Addr()+path, body)
	if err != nil {
		panic(err)
	}
	if _, isForm := body.(*strings.Reader); isForm {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if p.tokens == nil {
		r.Header.Set("Cookie", p.cookie)
	} else {
		r.Header.Set("Authorization", "Bearer "+p.tokens.current().Access)
	}
	return r
}

// sendForm sends a form, or nothing if form is nil.
func (c *cluster) sendForm(p user, n *node, o op, method, path string, form url.Values,
	take func(body []byte) error) op {
	if form == nil {
		return c.sendOp(p, n, o, method, path, nil, take)
	}
	return c.sendOp(p, n, o, method, path, strings.NewReader(form.Encode()), take)
}

// sendOp sends a request as an API client does, or the change of a message as htmx does, and completes the op with its
// time and outcome. It passes the body of a successful response to take.
func (c *cluster) sendOp(p user, n *node, o op, method, path string, body io.Reader, take func(body []byte) error) op {
	ctx, cancel := context.WithTimeout(c.Context(), c.random.millis(500, 6000))
	defer cancel()
	r := p.newRequest(ctx, n, method, path, body)
	if o.isChange() {
		r.Header.Set("HX-Request", "true")
		r.Header.Set("Accept", "text/html")
	} else {
		r.Header.Set("Accept", "application/json")
	}
	o.By, o.Session, o.Node, o.Start = p.id, p.cookie, n.name, time.Now()
	o.Outcome, o.Reason = classifyResponse(r, take)
	o.End = time.Now()
	return o
}

// classifyResponse sends a request and returns its outcome. A 5xx promises nothing, and neither does a response that is
// cut off.
func classifyResponse(r *http.Request, take func(body []byte) error) (outcome, string) {
	answer, err := httpClient.Do(r)
	if err != nil {
		return unknown, err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return unknown, err.Error()
	case answer.StatusCode >= 500:
		return unknown, answer.Status
	case answer.StatusCode >= 400:
		return refused, answer.Status
	case take != nil:
		if err := take(body); err != nil {
			return unknown, err.Error()
		}
	}
	return succeeded, answer.Status
}

// decodeJSON returns a function that decodes JSON into v.
func decodeJSON(v any) func([]byte) error {
	return func(body []byte) error { return json.Unmarshal(body, v) }
}

// post posts a message with files, which are given by their ids.
func (c *cluster) post(p user, n *node, in conversation, key, body, files string) op {
	var m jsonMessage
	form := in.form("body", body, "key", key)
	form["file"] = strings.Fields(files)
	o := c.sendForm(p, n, op{Kind: doPost, Key: key, Body: body, Files: files}, http.MethodPost, "/messages", form,
		decodeJSON(&m))
	if o.Outcome == succeeded {
		o.Room, o.ID, o.Seq, o.Message = m.Room, m.ID, m.Seq, m.shown()
	}
	return c.record(o)
}

// read loads the newest messages of a conversation.
func (c *cluster) read(p user, n *node, in conversation) op {
	var page jsonPage
	o := c.sendForm(p, n, op{Kind: doRead, Room: in.room}, http.MethodGet, "/messages?"+in.form().Encode(), nil,
		decodeJSON(&page))
	if o.Outcome == succeeded {
		o.Messages, o.Complete = page.shown(), page.Next == ""
	}
	return c.record(o)
}

// markRead moves the read marker of a user to a message.
func (c *cluster) markRead(p user, n *node, in conversation, seq int64) op {
	return c.record(c.sendForm(p, n, op{Kind: doMarkRead, Room: in.room, Seq: seq}, http.MethodPost, "/read",
		in.form("seq", fmt.Sprint(seq)), nil))
}

// countUnread reads the unread counts of all conversations.
func (c *cluster) countUnread(p user, n *node) op {
	var all struct{ Conversations []conversationState }
	o := c.sendForm(p, n, op{Kind: doCountUnread}, http.MethodGet, "/conversations", nil, decodeJSON(&all))
	if o.Outcome == succeeded {
		o.States = all.Conversations
	}
	return c.record(o)
}

// join adds a user to a room: themselves, or by its owner.
func (c *cluster) join(by, who user, n *node, room int64) op {
	path, form := fmt.Sprintf("/rooms/%d/members", room), url.Values{"user": {fmt.Sprint(who.id)}}
	if by == who {
		path, form = fmt.Sprintf("/rooms/%d/join", room), nil
	}
	return c.record(c.sendForm(by, n, op{Kind: doJoin, Target: who.id, Room: room}, http.MethodPost, path, form, nil))
}

// leave removes a user from a room: themselves, or by its owner.
func (c *cluster) leave(by, who user, n *node, room int64) op {
	path := fmt.Sprintf("/rooms/%d/members/%d/remove", room, who.id)
	if by == who {
		path = fmt.Sprintf("/rooms/%d/leave", room)
	}
	return c.record(c.sendForm(by, n, op{Kind: doLeave, Target: who.id, Room: room}, http.MethodPost, path, nil, nil))
}

// changeMessage edits, deletes, pins or unpins a posted message, or toggles a reaction to it. The response shows the message after
// this change, and names the version that htmx is to rein.
func (c *cluster) changeMessage(p user, n *node, m op, is opKind, body string) op {
	path, form := map[opKind]string{doEdit: "edit", doDelete: "delete", doPin: "pin", doUnpin: "unpin",
		doReact: "reactions"}[is], url.Values{"body": {body}, "emoji": {body}}
	o := op{Kind: is, Room: m.Room, Seq: m.Seq, ID: m.ID, Body: body}
	var shown []shownMessage
	var previous int64
	o = c.sendForm(p, n, o, http.MethodPost, fmt.Sprintf("/messages/%d/%s", m.ID, path), form,
		func(response []byte) error {
			html := string(response)
			shown, previous = parseMessages(html), matchInt(previousVersionPattern, html)
			if len(shown) != 1 {
				err := fmt.Errorf("%d messages in the response to %s", len(shown), is)
				c.Errorf("%v: %s", err, html)
				return err
			}
			return nil
		})
	if o.Outcome == succeeded {
		o.Message, o.PreviousVersion = shown[0], previous
	}
	return c.record(o)
}

// retryMostly repeats a request, at any node, until its outcome is known. Now and then it gives up.
func (c *cluster) retryMostly(try func(n *node) op) op {
	o := try(pick(c.random, c.nodes))
	for o.Outcome == unknown && c.Context().Err() == nil && c.random.intN(10) > 0 {
		sleep(c.Context(), c.random.millis(20, 200))
		o = try(pick(c.random, c.nodes))
	}
	return o
}

// retry repeats a request, at any node, until its outcome is known or the test ends.
func (c *cluster) retry(try func(n *node) op) op {
	for {
		o := try(pick(c.random, c.nodes))
		if o.Outcome != unknown || c.Context().Err() != nil {
			return o
		}
		sleep(c.Context(), c.random.millis(20, 200))
	}
}

// conversation identifies a conversation: the room, and the other user if it is direct.
type conversation struct{ room, with int64 }

// form returns the parameters that name the conversation, with further pairs of name and value.
func (p conversation) form(pairs ...string) url.Values {
	form := url.Values{"room": {fmt.Sprint(p.room)}}
	if p.with != 0 {
		form = url.Values{"with": {fmt.Sprint(p.with)}}
	}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}
