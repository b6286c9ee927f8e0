package chaos

import (
	"net/http"
	"net/url"
	"sync"
)

// tokenHolder holds the tokens of an API client. All actors of the client share it.
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

// newTokenUser registers a user who is an API client with tokens.
func (c *cluster) newTokenUser() user {
	form := c.register()
	who := c.logIn(form)
	p := user{id: who.id, cookie: "the API client of " + c.uniqueText(who), tokens: &tokenHolder{credentials: form}}
	c.obtainTokens(p)
	return p
}

// obtainTokens logs in until there are tokens, or the test ends.
func (c *cluster) obtainTokens(p user) {
	var t tokenPair
	c.retry(func(n *node) op {
		return c.sendForm(user{}, n, op{}, http.MethodPost, "/tokens", p.tokens.credentials, decodeJSON(&t))
	})
	p.tokens.set(t)
}

// refreshRepeatedly refreshes the tokens of an API client again and again, sometimes twice at the same time. It does
// what clients must do: it repeats a request with the same token until there is a response, and if a response was lost,
// it waits a minute before the next refresh, because the lost request may still arrive.
func (c *cluster) refreshRepeatedly(p user) {
	for !c.stopping() {
		sleep(c.actorsCtx, c.random.millis(300, 2500))
		var beside sync.WaitGroup
		var second op
		token, lost := p.tokens.current().Refresh, false
		if c.random.intN(4) == 0 {
			beside.Go(func() { second = c.refreshTokens(p, token, pick(c.random, c.nodes)) })
		}
		o := c.retry(func(n *node) op {
			o := c.refreshTokens(p, token, n)
			lost = lost || o.Outcome == unknown
			return o
		})
		beside.Wait()
		if o.Outcome == refused {
			c.obtainTokens(p)
		}
		if lost || second.Outcome == unknown {
			sleep(c.actorsCtx, refreshGrace)
		}
	}
}

// refreshTokens uses a refresh token.
func (c *cluster) refreshTokens(p user, token string, n *node) op {
	var t tokenPair
	o := c.sendForm(p, n, op{Kind: doRefresh, Key: token}, http.MethodPost, "/tokens/refresh",
		url.Values{"refresh_token": {token}}, decodeJSON(&t))
	if o.Outcome == succeeded {
		o.Body = t.Refresh
		p.tokens.set(t)
	}
	return c.record(o)
}

// revokeTokens ends the session of an API client.
func (c *cluster) revokeTokens(p user, n *node) op {
	return c.record(c.sendForm(p, n, op{Kind: doLogOut, EndedSessions: []string{p.cookie}}, http.MethodDelete,
		"/tokens/current", nil, nil))
}
