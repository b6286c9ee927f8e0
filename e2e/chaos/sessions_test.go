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

// sessionEnd is one way in which a session ends: of somebody new, by an op that may be repeated.
type sessionEnd struct {
	name    string
	prepare func() (victim user, end func(n *node) op)
}

func (w *cluster) sessionEnds(admin user) []sessionEnd {
	return []sessionEnd{
		{"a log-out", func() (user, func(n *node) op) {
			p := w.nextUser()
			return p, func(n *node) op { return w.logOut(p, n) }
		}},
		{"disabling", func() (user, func(n *node) op) {
			p := w.nextUser()
			return p, func(n *node) op { return w.disableUser(admin, p, n) }
		}},
		{"the end of a program", func() (user, func(n *node) op) {
			p := w.newTokenUser()
			return p, func(n *node) op { return w.revokeTokens(p, n) }
		}},
		{"a new password", func() (user, func(n *node) op) {
			form := w.register()
			here, elsewhere := w.logIn(form), w.logIn(form)
			return elsewhere, func(n *node) op { return w.changePassword(here, elsewhere, n) }
		}},
	}
}

func (w *cluster) logOut(p user, n *node) op {
	return w.record(w.sendForm(p, n, op{Kind: doLogOut, EndedSessions: []string{p.cookie}}, http.MethodPost, "/logout", nil, nil))
}

// changePassword is done here and ends the session elsewhere of the same person.
func (w *cluster) changePassword(here, elsewhere user, n *node) op {
	o := op{Kind: doPassword, EndedSessions: []string{elsewhere.cookie}}
	return w.record(w.sendForm(here, n, o, http.MethodPost, "/settings/password", url.Values{"current": {password}, "password": {password + " y vino"}}, nil))
}

// disableUser disables somebody.
func (w *cluster) disableUser(admin, p user, n *node) op {
	o := op{Kind: doDisable, Target: p.id, EndedSessions: []string{p.cookie}}
	return w.record(w.sendForm(admin, n, o, http.MethodPost, fmt.Sprintf("/people/%d/disable", p.id), nil, nil))
}

func (w *cluster) enableUser(admin, p user, n *node) op {
	return w.record(w.sendForm(admin, n, op{Kind: doEnable, Target: p.id}, http.MethodPost, fmt.Sprintf("/people/%d/enable", p.id), nil, nil))
}

const password = "tortilla y pan"

// register makes a newcomer with a password, and returns what they log in with.
func (w *cluster) register() url.Values {
	name := fmt.Sprint("Newcomer ", w.textCount.Add(1))
	form := url.Values{"name": {name}, "email": {strings.ReplaceAll(name, " ", "") + "@example.org"}, "password": {password}}
	w.retry(func(n *node) op { return w.sendForm(user{}, n, op{}, http.MethodPost, "/register", form, nil) })
	return form
}

// logIn tries until there is a session, or the world ends.
func (w *cluster) logIn(form url.Values) (p user) {
	w.retry(func(n *node) op {
		ctx, cancel := context.WithTimeout(w.Context(), requestTimeout)
		defer cancel()
		request := user{}.newRequest(ctx, n, http.MethodPost, "/login", strings.NewReader(form.Encode()))
		request.Header.Set("Accept", "application/json")
		answer, err := httpClient.Do(request)
		if err != nil {
			return op{Outcome: unknown}
		}
		defer answer.Body.Close()
		var who struct{ ID int64 }
		sessions := slices.DeleteFunc(answer.Cookies(), func(c *http.Cookie) bool { return c.Name != "charla" })
		if json.NewDecoder(answer.Body).Decode(&who) != nil || len(sessions) == 0 {
			return op{Outcome: unknown}
		}
		p = user{id: who.ID, cookie: "charla=" + sessions[0].Value}
		return op{Outcome: succeeded}
	})
	return p
}
