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

// person is somebody with a session, which works on every node.
type person struct {
	id     int64
	cookie string
}

// client shares its connections, which are cut with whatever goes over them.
var client = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 16},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// request is one of this person to a node.
func (p person) request(ctx context.Context, n *node, method, path string, form url.Values) *http.Request {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+n.front.Addr()+path, strings.NewReader(form.Encode()))
	if err != nil {
		panic(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Cookie", p.cookie)
	return r
}

// ask sends an op as a program does and completes it with the time, the outcome, and what the answer brings.
func (w *world) ask(p person, n *node, o op, method, path string, form url.Values, into any) op {
	ctx, cancel := context.WithTimeout(w.Context(), w.dice.ms(500, 6000))
	defer cancel()
	r := p.request(ctx, n, method, path, form)
	r.Header.Set("Accept", "application/json")
	o.Who, o.Node, o.Start = p.id, n.name, time.Now()
	o.Outcome, o.Why = answered(r, into)
	o.End = time.Now()
	return o
}

// answered: a 5xx promises nothing, nor does an answer that breaks off.
func answered(r *http.Request, into any) (outcome, string) {
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
	case into != nil:
		if err := json.Unmarshal(body, into); err != nil {
			return unknown, err.Error()
		}
	}
	return ok, answer.Status
}

func (w *world) post(p person, n *node, place place, key, body string) op {
	var m struct{ ID, Room, Seq int64 }
	o := w.ask(p, n, op{Kind: doPost, Key: key, Body: body}, http.MethodPost, "/messages", place.form("body", body, "key", key), &m)
	o.Room, o.ID, o.Seq = m.Room, m.ID, m.Seq
	return w.note(o)
}

func (w *world) read(p person, n *node, place place) op {
	var page struct {
		Messages []line
		Next     string
	}
	o := w.ask(p, n, op{Kind: doRead, Room: place.room}, http.MethodGet, "/messages?"+place.form().Encode(), nil, &page)
	o.Lines, o.Whole = page.Messages, page.Next == ""
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

func (w *world) logOut(p person, n *node) op {
	return w.note(w.ask(p, n, op{Kind: doLogOut}, http.MethodPost, "/logout", nil, nil))
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
