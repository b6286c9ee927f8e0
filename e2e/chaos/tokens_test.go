package chaos

import (
	"net/http"
	"net/url"
	"sync"
)

// tokenHolder is what a program holds of a session. It is shared by all that act with it.
type tokenHolder struct {
	credentials url.Values

	mu     sync.Mutex // guards tokens
	tokens tokenPair
}

type tokenPair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func (p *tokenHolder) current() tokenPair {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tokens
}

func (p *tokenHolder) set(t tokenPair) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens = t
}

// newTokenUser is a newcomer who is a program.
func (w *cluster) newTokenUser() user {
	form := w.register()
	who := w.logIn(form)
	p := user{id: who.id, cookie: "the program of " + w.uniqueText(who), tokens: &tokenHolder{credentials: form}}
	w.obtainTokens(p)
	return p
}

// obtainTokens tries until there are tokens, or the world ends.
func (w *cluster) obtainTokens(p user) {
	var t tokenPair
	w.retry(func(n *node) op {
		return w.sendForm(user{}, n, op{}, http.MethodPost, "/tokens", p.tokens.credentials, decodeJSON(&t))
	})
	p.tokens.set(t)
}

// refreshRepeatedly renews a program's tokens again and again, sometimes twice at once. It does what is asked of programs: it asks
// again with the same token until there is an answer, and where one had been lost it lets a minute pass before it renews
// again, because the request may still arrive.
func (w *cluster) refreshRepeatedly(p user) {
	for !w.stopping() {
		sleep(w.actorsCtx, w.random.millis(300, 2500))
		var beside sync.WaitGroup
		var second op
		token, lost := p.tokens.current().Refresh, false
		if w.random.intN(4) == 0 {
			beside.Go(func() { second = w.refreshTokens(p, token, pick(w.random, w.nodes)) })
		}
		o := w.retry(func(n *node) op {
			o := w.refreshTokens(p, token, n)
			lost = lost || o.Outcome == unknown
			return o
		})
		beside.Wait()
		if o.Outcome == refused {
			w.obtainTokens(p)
		}
		if lost || second.Outcome == unknown {
			sleep(w.actorsCtx, refreshGrace)
		}
	}
}

// refreshTokens uses a refresh token.
func (w *cluster) refreshTokens(p user, token string, n *node) op {
	var t tokenPair
	o := w.sendForm(p, n, op{Kind: doRenew, Key: token}, http.MethodPost, "/tokens/refresh", url.Values{"refresh_token": {token}}, decodeJSON(&t))
	if o.Outcome == succeeded {
		o.Body = t.Refresh
		p.tokens.set(t)
	}
	return w.record(o)
}

// revokeTokens ends the session of a program.
func (w *cluster) revokeTokens(p user, n *node) op {
	return w.record(w.sendForm(p, n, op{Kind: doLogOut, EndedSessions: []string{p.cookie}}, http.MethodDelete, "/tokens/current", nil, nil))
}
