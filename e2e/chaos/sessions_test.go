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

// sessionEnd is a way to end a session. prepare makes a user with a session and returns a request that ends it, which
// may be repeated.
type sessionEnd struct {
	name    string
	prepare func() (affected user, end func(n *node) op)
}

// sessionEnds returns all ways to end a session.
func (c *cluster) sessionEnds(admin user) []sessionEnd {
	return []sessionEnd{
		{"a log-out", func() (user, func(n *node) op) {
			p := c.nextUser()
			return p, func(n *node) op { return c.logOut(p, n) }
		}},
		{"disabling", func() (user, func(n *node) op) {
			p := c.nextUser()
			return p, func(n *node) op { return c.disableUser(admin, p, n) }
		}},
		{"a token revocation", func() (user, func(n *node) op) {
			p := c.newTokenUser()
			return p, func(n *node) op { return c.revokeTokens(p, n) }
		}},
		{"a password change", func() (user, func(n *node) op) {
			form := c.register()
			here, elsewhere := c.logIn(form), c.logIn(form)
			return elsewhere, func(n *node) op { return c.changePassword(here, elsewhere, n) }
		}},
	}
}

func (c *cluster) logOut(p user, n *node) op {
	return c.record(c.sendForm(p, n, op{Kind: doLogOut, EndedSessions: []string{p.cookie}}, http.MethodPost, "/logout",
		nil, nil))
}

// changePassword changes the password in one session, which ends the other session of the same user.
func (c *cluster) changePassword(here, elsewhere user, n *node) op {
	o := op{Kind: doPassword, EndedSessions: []string{elsewhere.cookie}}
	return c.record(c.sendForm(here, n, o, http.MethodPost, "/settings/password", url.Values{"current": {password},
		"password": {password + " y vino"}}, nil))
}

// disableUser disables a user.
func (c *cluster) disableUser(admin, p user, n *node) op {
	o := op{Kind: doDisable, Target: p.id, EndedSessions: []string{p.cookie}}
	return c.record(c.sendForm(admin, n, o, http.MethodPost, fmt.Sprintf("/people/%d/disable", p.id), nil, nil))
}

func (c *cluster) enableUser(admin, p user, n *node) op {
	return c.record(c.sendForm(admin, n, op{Kind: doEnable, Target: p.id}, http.MethodPost,
		fmt.Sprintf("/people/%d/enable", p.id), nil, nil))
}

const password = "tortilla y pan"

// register registers a user and returns the form to log in with.
func (c *cluster) register() url.Values {
	name := fmt.Sprint("Newcomer ", c.textCount.Add(1))
	form := url.Values{"name": {name}, "email": {strings.ReplaceAll(name, " ", "") + "@example.org"},
		"password": {password}}
	c.retry(func(n *node) op { return c.sendForm(user{}, n, op{}, http.MethodPost, "/register", form, nil) })
	return form
}

// logIn logs in until there is a session, or the test ends.
func (c *cluster) logIn(form url.Values) (p user) {
	c.retry(func(n *node) op {
		ctx, cancel := context.WithTimeout(c.Context(), requestTimeout)
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
