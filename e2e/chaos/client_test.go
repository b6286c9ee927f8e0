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

// dice are the choices of one actor. They may be shared.
type dice struct {
	mu     sync.Mutex // guards source
	source *rand.Rand
}

// upTo is a number from 0 to n-1.
func (d *dice) upTo(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.source.IntN(n)
}

// ms is a random time, in milliseconds.
func (d *dice) ms(least, most int) time.Duration {
	return time.Duration(least+d.upTo(most-least+1)) * time.Millisecond
}

// pick is one of a list.
func pick[T any](d *dice, list []T) T { return list[d.upTo(len(list))] }

// pause passes time, which is no condition to wait for: it makes actors slow.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// person is somebody with a session, which works on every node: of a browser, or of a program. That one has a name instead of
// a cookie.
type person struct {
	id      int64
	cookie  string
	program *program
}

// client shares its connections, which are cut with whatever goes over them.
var client = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 16},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// request is one of this person to a node. A form is one; other bodies are bytes.
func (p person) request(ctx context.Context, n *node, method, path string, body io.Reader) *http.Request {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+n.front.Addr()+path, body)
	if err != nil {
		panic(err)
	}
	if _, isForm := body.(*strings.Reader); isForm {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if p.program == nil {
		r.Header.Set("Cookie", p.cookie)
	} else {
		r.Header.Set("Authorization", "Bearer "+p.program.now().Access)
	}
	return r
}

// ask sends an op with a form.
func (w *world) ask(p person, n *node, o op, method, path string, form url.Values, take func(body []byte) error) op {
	if form == nil {
		return w.send(p, n, o, method, path, nil, take)
	}
	return w.send(p, n, o, method, path, strings.NewReader(form.Encode()), take)
}

// send sends an op as a program does, or a change of a message as htmx does, and completes it with the time and the outcome.
// It gives the body of a good answer to take.
func (w *world) send(p person, n *node, o op, method, path string, body io.Reader, take func(body []byte) error) op {
	ctx, cancel := context.WithTimeout(w.Context(), w.dice.ms(500, 6000))
	defer cancel()
	r := p.request(ctx, n, method, path, body)
	if o.isChange() {
		r.Header.Set("HX-Request", "true")
	} else {
		r.Header.Set("Accept", "application/json")
	}
	o.Who, o.Session, o.Node, o.Start = p.id, p.cookie, n.name, time.Now()
	o.Outcome, o.Why = answered(r, take)
	o.End = time.Now()
	return o
}

// answered: a 5xx promises nothing, nor does an answer that breaks off.
func answered(r *http.Request, take func(body []byte) error) (outcome, string) {
	answer, err := client.Do(r)
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
	return ok, answer.Status
}

// into reads JSON.
func into(v any) func([]byte) error {
	return func(body []byte) error { return json.Unmarshal(body, v) }
}

// post sends a message, with files by their ids.
func (w *world) post(p person, n *node, place place, key, body, files string) op {
	var m message
	form := place.form("body", body, "key", key)
	form["file"] = strings.Fields(files)
	o := w.ask(p, n, op{Kind: doPost, Key: key, Body: body, Files: files}, http.MethodPost, "/messages", form, into(&m))
	if o.Outcome == ok {
		o.Room, o.ID, o.Seq, o.Line = m.Room, m.ID, m.Seq, m.line()
	}
	return w.note(o)
}

func (w *world) read(p person, n *node, place place) op {
	var page window
	o := w.ask(p, n, op{Kind: doRead, Room: place.room}, http.MethodGet, "/messages?"+place.form().Encode(), nil, into(&page))
	if o.Outcome == ok {
		o.Lines, o.Whole = page.lines(), page.Next == ""
	}
	return w.note(o)
}

// mark says that somebody has read up to a line.
func (w *world) mark(p person, n *node, place place, seq int64) op {
	return w.note(w.ask(p, n, op{Kind: doMark, Room: place.room, Seq: seq}, http.MethodPost, "/read", place.form("seq", fmt.Sprint(seq)), nil))
}

// count asks what is unread.
func (w *world) count(p person, n *node) op {
	var all struct{ Conversations []standing }
	o := w.ask(p, n, op{Kind: doCount}, http.MethodGet, "/conversations", nil, into(&all))
	if o.Outcome == ok {
		o.Standing = all.Conversations
	}
	return w.note(o)
}

// admit lets somebody into a room: themself, or by its owner.
func (w *world) admit(by, who person, n *node, room int64) op {
	path, form := fmt.Sprintf("/rooms/%d/members", room), url.Values{"user": {fmt.Sprint(who.id)}}
	if by == who {
		path, form = fmt.Sprintf("/rooms/%d/join", room), nil
	}
	return w.note(w.ask(by, n, op{Kind: doAdmit, Whom: who.id, Room: room}, http.MethodPost, path, form, nil))
}

// depart takes somebody out of a room: themself, or by its owner.
func (w *world) depart(by, who person, n *node, room int64) op {
	path := fmt.Sprintf("/rooms/%d/members/%d/remove", room, who.id)
	if by == who {
		path = fmt.Sprintf("/rooms/%d/leave", room)
	}
	return w.note(w.ask(by, n, op{Kind: doDepart, Whom: who.id, Room: room}, http.MethodPost, path, nil, nil))
}

// change edits or deletes a message that was posted, or reacts to it. The answer shows the line as of this change, and names
// the change before by which htmx finds the line to replace.
func (w *world) change(p person, n *node, m op, is kind, body string) op {
	path, form := map[kind]string{doEdit: "edit", doDelete: "delete", doReact: "reactions"}[is], url.Values{"body": {body}, "emoji": {body}}
	o := op{Kind: is, Room: m.Room, Seq: m.Seq, ID: m.ID, Body: body}
	var shown []line
	var after int64
	o = w.ask(p, n, o, http.MethodPost, fmt.Sprintf("/messages/%d/%s", m.ID, path), form, func(answer []byte) error {
		if shown, after = linesIn(string(answer)), found(beforeOf, string(answer)); len(shown) != 1 {
			return fmt.Errorf("%d lines in the answer", len(shown))
		}
		return nil
	})
	if o.Outcome == ok {
		o.Line, o.After = shown[0], after
	}
	return w.note(o)
}

// mostly repeats an op, at any node, until its answer is definite; now and then it gives up.
func (w *world) mostly(try func(n *node) op) op {
	o := try(pick(w.dice, w.nodes))
	for o.Outcome == unknown && w.Context().Err() == nil && w.dice.upTo(10) > 0 {
		pause(w.Context(), w.dice.ms(20, 200))
		o = try(pick(w.dice, w.nodes))
	}
	return o
}

// insist repeats an op, at any node, until its answer is definite or the world ends.
func (w *world) insist(try func(n *node) op) op {
	for {
		o := try(pick(w.dice, w.nodes))
		if o.Outcome != unknown || w.Context().Err() != nil {
			return o
		}
		pause(w.Context(), w.dice.ms(20, 200))
	}
}

// place is a conversation: the room, and who it is with where it is direct.
type place struct{ room, with int64 }

func (p place) form(pairs ...string) url.Values {
	form := url.Values{"room": {fmt.Sprint(p.room)}}
	if p.with != 0 {
		form = url.Values{"with": {fmt.Sprint(p.with)}}
	}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}
