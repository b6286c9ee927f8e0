package chaos

import (
	"net/http"
	"net/url"
	"sync"
)

// program is what a program holds of a session. It is shared by all that act with it.
type program struct {
	credentials url.Values

	mu     sync.Mutex // guards tokens
	tokens tokens
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func (p *program) now() tokens {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tokens
}

func (p *program) hold(t tokens) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens = t
}

// newProgram is a newcomer who is a program.
func (w *world) newProgram() person {
	form := w.register()
	who := w.logIn(form)
	p := person{id: who.id, cookie: "the program of " + w.word(who), program: &program{credentials: form}}
	w.signIn(p)
	return p
}

// signIn tries until there are tokens, or the world ends.
func (w *world) signIn(p person) {
	var t tokens
	w.insist(func(n *node) op {
		return w.ask(person{}, n, op{}, http.MethodPost, "/tokens", p.program.credentials, into(&t))
	})
	p.program.hold(t)
}

// renewing renews a program's tokens again and again, sometimes twice at once. It does what is asked of programs: it asks
// again with the same token until there is an answer, and where one had been lost it lets a minute pass before it renews
// again, because the request may still arrive.
func (w *world) renewing(p person) {
	for !w.over() {
		pause(w.acting, w.dice.ms(300, 2500))
		var beside sync.WaitGroup
		var second op
		token, lost := p.program.now().Refresh, false
		if w.dice.upTo(4) == 0 {
			beside.Go(func() { second = w.renew(p, token, pick(w.dice, w.nodes)) })
		}
		o := w.insist(func(n *node) op {
			o := w.renew(p, token, n)
			lost = lost || o.Outcome == unknown
			return o
		})
		beside.Wait()
		if o.Outcome == refused {
			w.signIn(p)
		}
		if lost || second.Outcome == unknown {
			pause(w.acting, again)
		}
	}
}

// renew uses a refresh token.
func (w *world) renew(p person, token string, n *node) op {
	var t tokens
	o := w.ask(p, n, op{Kind: doRenew, Key: token}, http.MethodPost, "/tokens/refresh", url.Values{"refresh_token": {token}}, into(&t))
	if o.Outcome == ok {
		o.Body = t.Refresh
		p.program.hold(t)
	}
	return w.note(o)
}

// endProgram ends the session of a program.
func (w *world) endProgram(p person, n *node) op {
	return w.note(w.ask(p, n, op{Kind: doLogOut, Ends: []string{p.cookie}}, http.MethodDelete, "/tokens/current", nil, nil))
}
