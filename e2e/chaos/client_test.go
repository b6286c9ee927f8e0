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

// random are the choices of one actor. They may be shared.
type random struct {
	mu     sync.Mutex // guards source
	source *rand.Rand
}

// intN is a number from 0 to n-1.
func (d *random) intN(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.source.IntN(n)
}

// millis is a random time, in milliseconds.
func (d *random) millis(least, most int) time.Duration {
	return time.Duration(least+d.intN(most-least+1)) * time.Millisecond
}

// pick is one of a list.
func pick[T any](d *random, list []T) T { return list[d.intN(len(list))] }

// sleep passes time, which is no condition to wait for: it makes actors slow.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// user is somebody with a session, which works on every node: of a browser, or of a program. That one has a name instead of
// a cookie.
type user struct {
	id     int64
	cookie string
	tokens *tokenHolder
}

// httpClient shares its connections, which are cut with whatever goes over them.
var httpClient = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 16},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// newOp is one of this person to a node. A form is one; other bodies are bytes.
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

// sendForm sends an op with a form.
func (w *cluster) sendForm(p user, n *node, o op, method, path string, form url.Values, take func(body []byte) error) op {
	if form == nil {
		return w.sendOp(p, n, o, method, path, nil, take)
	}
	return w.sendOp(p, n, o, method, path, strings.NewReader(form.Encode()), take)
}

// sendOp sends an op as a program does, or a change of a message as htmx does, and completes it with the time and the outcome.
// It gives the body of a good answer to take.
func (w *cluster) sendOp(p user, n *node, o op, method, path string, body io.Reader, take func(body []byte) error) op {
	ctx, cancel := context.WithTimeout(w.Context(), w.random.millis(500, 6000))
	defer cancel()
	r := p.newRequest(ctx, n, method, path, body)
	if o.isChange() {
		r.Header.Set("HX-Request", "true")
	} else {
		r.Header.Set("Accept", "application/json")
	}
	o.By, o.Session, o.Node, o.Start = p.id, p.cookie, n.name, time.Now()
	o.Outcome, o.Reason = classifyResponse(r, take)
	o.End = time.Now()
	return o
}

// classifyResponse: a 5xx promises nothing, nor does an answer that breaks off.
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

// decodeJSON reads JSON.
func decodeJSON(v any) func([]byte) error {
	return func(body []byte) error { return json.Unmarshal(body, v) }
}

// post sends a message, with files by their ids.
func (w *cluster) post(p user, n *node, place conversation, key, body, files string) op {
	var m jsonMessage
	form := place.form("body", body, "key", key)
	form["file"] = strings.Fields(files)
	o := w.sendForm(p, n, op{Kind: doPost, Key: key, Body: body, Files: files}, http.MethodPost, "/messages", form, decodeJSON(&m))
	if o.Outcome == succeeded {
		o.Room, o.ID, o.Seq, o.Message = m.Room, m.ID, m.Seq, m.shown()
	}
	return w.record(o)
}

func (w *cluster) read(p user, n *node, place conversation) op {
	var page jsonPage
	o := w.sendForm(p, n, op{Kind: doRead, Room: place.room}, http.MethodGet, "/messages?"+place.form().Encode(), nil, decodeJSON(&page))
	if o.Outcome == succeeded {
		o.Messages, o.Complete = page.shown(), page.Next == ""
	}
	return w.record(o)
}

// markRead says that somebody has read up to a line.
func (w *cluster) markRead(p user, n *node, place conversation, seq int64) op {
	return w.record(w.sendForm(p, n, op{Kind: doMark, Room: place.room, Seq: seq}, http.MethodPost, "/read", place.form("seq", fmt.Sprint(seq)), nil))
}

// countUnread asks what is unread.
func (w *cluster) countUnread(p user, n *node) op {
	var all struct{ Conversations []conversationState }
	o := w.sendForm(p, n, op{Kind: doCount}, http.MethodGet, "/conversations", nil, decodeJSON(&all))
	if o.Outcome == succeeded {
		o.States = all.Conversations
	}
	return w.record(o)
}

// join lets somebody into a room: themself, or by its owner.
func (w *cluster) join(by, who user, n *node, room int64) op {
	path, form := fmt.Sprintf("/rooms/%d/members", room), url.Values{"user": {fmt.Sprint(who.id)}}
	if by == who {
		path, form = fmt.Sprintf("/rooms/%d/join", room), nil
	}
	return w.record(w.sendForm(by, n, op{Kind: doAdmit, Target: who.id, Room: room}, http.MethodPost, path, form, nil))
}

// leave takes somebody out of a room: themself, or by its owner.
func (w *cluster) leave(by, who user, n *node, room int64) op {
	path := fmt.Sprintf("/rooms/%d/members/%d/remove", room, who.id)
	if by == who {
		path = fmt.Sprintf("/rooms/%d/leave", room)
	}
	return w.record(w.sendForm(by, n, op{Kind: doDepart, Target: who.id, Room: room}, http.MethodPost, path, nil, nil))
}

// changeMessage edits or deletes a message that was posted, or reacts to it. The answer shows the line as of this change, and names
// the change before by which htmx finds the line to replace.
func (w *cluster) changeMessage(p user, n *node, m op, is opKind, body string) op {
	path, form := map[opKind]string{doEdit: "edit", doDelete: "delete", doReact: "reactions"}[is], url.Values{"body": {body}, "emoji": {body}}
	o := op{Kind: is, Room: m.Room, Seq: m.Seq, ID: m.ID, Body: body}
	var shown []shownMessage
	var after int64
	o = w.sendForm(p, n, o, http.MethodPost, fmt.Sprintf("/messages/%d/%s", m.ID, path), form, func(answer []byte) error {
		if shown, after = parseMessages(string(answer)), matchInt(previousVersionPattern, string(answer)); len(shown) != 1 {
			return fmt.Errorf("%d lines in the answer", len(shown))
		}
		return nil
	})
	if o.Outcome == succeeded {
		o.Message, o.PreviousVersion = shown[0], after
	}
	return w.record(o)
}

// retryMostly repeats an op, at any node, until its answer is definite; now and then it gives up.
func (w *cluster) retryMostly(try func(n *node) op) op {
	o := try(pick(w.random, w.nodes))
	for o.Outcome == unknown && w.Context().Err() == nil && w.random.intN(10) > 0 {
		sleep(w.Context(), w.random.millis(20, 200))
		o = try(pick(w.random, w.nodes))
	}
	return o
}

// retry repeats an op, at any node, until its answer is definite or the world ends.
func (w *cluster) retry(try func(n *node) op) op {
	for {
		o := try(pick(w.random, w.nodes))
		if o.Outcome != unknown || w.Context().Err() != nil {
			return o
		}
		sleep(w.Context(), w.random.millis(20, 200))
	}
}

// conversation is a conversation: the room, and who it is with where it is direct.
type conversation struct{ room, with int64 }

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
