package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// farewell is one way in which a session ends: of somebody new, by an op that may be repeated.
type farewell struct {
	what string
	of   func() (victim person, end func(n *node) op)
}

func (w *world) farewells(admin person) []farewell {
	return []farewell{
		{"a log-out", func() (person, func(n *node) op) {
			p := w.newcomer()
			return p, func(n *node) op { return w.logOut(p, n) }
		}},
		{"disabling", func() (person, func(n *node) op) {
			p := w.newcomer()
			return p, func(n *node) op { return w.shut(admin, p, n) }
		}},
		{"the end of a program", func() (person, func(n *node) op) {
			p := w.newProgram()
			return p, func(n *node) op { return w.endProgram(p, n) }
		}},
		{"a new password", func() (person, func(n *node) op) {
			form := w.register()
			here, elsewhere := w.logIn(form), w.logIn(form)
			return elsewhere, func(n *node) op { return w.changePassword(here, elsewhere, n) }
		}},
	}
}

func (w *world) logOut(p person, n *node) op {
	return w.note(w.ask(p, n, op{Kind: doLogOut, Ends: []string{p.cookie}}, http.MethodPost, "/logout", nil, nil))
}

// changePassword is done here and ends the session elsewhere of the same person.
func (w *world) changePassword(here, elsewhere person, n *node) op {
	o := op{Kind: doPassword, Ends: []string{elsewhere.cookie}}
	return w.note(w.ask(here, n, o, http.MethodPost, "/settings/password", url.Values{"current": {password}, "password": {password + " y vino"}}, nil))
}

// shut disables somebody.
func (w *world) shut(admin, p person, n *node) op {
	o := op{Kind: doDisable, Whom: p.id, Ends: []string{p.cookie}}
	return w.note(w.ask(admin, n, o, http.MethodPost, fmt.Sprintf("/people/%d/disable", p.id), nil, nil))
}

func (w *world) enable(admin, p person, n *node) op {
	return w.note(w.ask(admin, n, op{Kind: doEnable, Whom: p.id}, http.MethodPost, fmt.Sprintf("/people/%d/enable", p.id), nil, nil))
}

const password = "tortilla y pan"

// register makes a newcomer with a password, and returns what they log in with.
func (w *world) register() url.Values {
	name := fmt.Sprint("Newcomer ", w.words.Add(1))
	form := url.Values{"name": {name}, "email": {strings.ReplaceAll(name, " ", "") + "@example.org"}, "password": {password}}
	w.insist(func(n *node) op { return w.ask(person{}, n, op{}, http.MethodPost, "/register", form, nil) })
	return form
}

// logIn tries until there is a session, or the world ends.
func (w *world) logIn(form url.Values) (p person) {
	w.insist(func(n *node) op {
		ctx, cancel := context.WithTimeout(w.Context(), answersWithin)
		defer cancel()
		request := person{}.request(ctx, n, http.MethodPost, "/login", strings.NewReader(form.Encode()))
		request.Header.Set("Accept", "application/json")
		answer, err := client.Do(request)
		if err != nil {
			return op{Outcome: unknown}
		}
		defer answer.Body.Close()
		var who struct{ ID int64 }
		sessions := slices.DeleteFunc(answer.Cookies(), func(c *http.Cookie) bool { return c.Name != "charla" })
		if json.NewDecoder(answer.Body).Decode(&who) != nil || len(sessions) == 0 {
			return op{Outcome: unknown}
		}
		p = person{id: who.ID, cookie: "charla=" + sessions[0].Value}
		return op{Outcome: ok}
	})
	return p
}
