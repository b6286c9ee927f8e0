package handlers

import (
	"net/netip"
	"strconv"
	"sync"
	"time"

	"charla/chat"

	"golang.org/x/time/rate"
)

// limits says how often the same one may do the same thing. Log-in and registration are tight, the rest is roomy.
type limits struct {
	requests  *pacer // by person or address
	posts     *pacer // by person
	typing    *pacer // by person
	files     *pacer // files sent, by person
	account   *pacer // log-ins by account, from browsers that it does not know
	known     *pacer // log-ins by account, from a browser that it knows
	address   *pacer // log-ins by address
	newcomers *pacer // registrations by address
	rooms     *pacer // rooms made, by person
	passwords *pacer // deeds tried that need the password, by person
	names     *pacer // changes of a name, by person: everybody is told
	exports   *pacer // downloads of what is one's own, by person
	letters   *pacer // letters that somebody has sent to an address, by that address
	links     *pacer // links of letters used, by address of the network
	tests     *pacer // pushes sent to try, by person
	bots      *pacer // bots made, by person
	renewals  *pacer // tokens of bots renewed, by person
	botPosts  *pacer // by bot, its hooks included
	hooks     *pacer // posts by hook
}

func newLimits(scale float64) *limits {
	return &limits{
		requests:  newPacer(scale*200, 1000),
		posts:     newPacer(scale*50, 200),
		typing:    newPacer(scale*5, 30),
		files:     newPacer(scale*5, 60),
		account:   newPacer(scale/15, 10),
		known:     newPacer(scale/15, 10),
		address:   newPacer(scale/3, 40),
		newcomers: newPacer(scale/6, 40),
		rooms:     newPacer(scale/10, 30),
		passwords: newPacer(scale/15, 10),
		names:     newPacer(scale/60, 5),
		exports:   newPacer(scale/60, 5),
		letters:   newPacer(scale/300, 5),
		links:     newPacer(scale/3, 40),
		tests:     newPacer(scale/15, 10),
		bots:      newPacer(scale/60, 20),
		renewals:  newPacer(scale/10, 30),
		botPosts:  newPacer(scale*10, 100),
		hooks:     newPacer(scale*5, 50),
	}
}

// pacer is a bucket for everyone who has acted of late.
type pacer struct {
	rate  rate.Limit // a second; 0 means no limit
	burst int

	mu      sync.Mutex // guards all below
	buckets map[string]*rate.Limiter
	swept   time.Time
}

func newPacer(perSecond float64, burst int) *pacer {
	return &pacer{rate: rate.Limit(perSecond), burst: burst, buckets: map[string]*rate.Limiter{}, swept: time.Now()}
}

// take spends one of who's turns, or answers TooMany with the time until the next.
func (p *pacer) take(who string) error {
	if p.rate == 0 {
		return nil
	}
	now := time.Now()
	r := p.bucket(who, now).ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
	return &chat.Error{Code: chat.TooMany, Format: "That was too often. Wait a moment and try again.", RetryAfter: wait}
}

// takeFor is take for what a person does, from wherever they do it.
func (p *pacer) takeFor(user chat.User) error {
	return p.take("user " + strconv.FormatInt(user.ID, 10))
}

func (p *pacer) bucket(who string, now time.Time) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(now)
	b := p.buckets[who]
	if b == nil {
		b = rate.NewLimiter(p.rate, p.burst)
		p.buckets[who] = b
	}
	return b
}

// sweep forgets, once a minute, those whose bucket is full again. The caller holds mu.
func (p *pacer) sweep(now time.Time) {
	if now.Sub(p.swept) < time.Minute {
		return
	}
	p.swept = now
	for who, b := range p.buckets {
		if b.TokensAt(now) >= float64(p.burst) {
			delete(p.buckets, who)
		}
	}
}

// network is what one household or server has: an IPv4 address, or the /64 of an IPv6 one.
func network(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.Is4() || addr.Is4In6() {
		return ip
	}
	prefix, _ := addr.WithZone("").Prefix(64)
	return prefix.String()
}
