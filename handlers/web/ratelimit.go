package web

import (
	"net/netip"
	"strconv"
	"sync"
	"time"

	"charla/chat"

	"golang.org/x/time/rate"
)

// RateLimits says how often the same one may do the same thing. Log-in and registration are tight, the rest is roomy.
type RateLimits struct {
	Requests             *Limiter // by person or address
	Posts                *Limiter // by person
	Typing               *Limiter // by person
	Uploads              *Limiter // files sent, by person
	LoginsByAccount      *Limiter // log-ins by account, from browsers that it does not know
	LoginsByKnownBrowser *Limiter // log-ins by account, from a browser that it knows
	LoginsByIP           *Limiter // log-ins by address
	Signups              *Limiter // registrations by address
	NewRooms             *Limiter // rooms made, by person
	PasswordChecks       *Limiter // deeds tried that need the password, by person
	Renames              *Limiter // changes of a name, by person: everybody is told
	Exports              *Limiter // downloads of what is one's own, by person
	Emails               *Limiter // letters that somebody has sent to an address, by that address
	EmailLinks           *Limiter // links of letters used, by address of the network
	TestPushes           *Limiter // pushes sent to try, by person
	NewBots              *Limiter // bots made, by person
	TokenRotations       *Limiter // tokens of bots renewed, by person
	BotPosts             *Limiter // by bot, its hooks included
	WebhookPosts         *Limiter // posts by hook
}

func NewRateLimits(scale float64) *RateLimits {
	return &RateLimits{
		Requests:             NewLimiter(scale*200, 1000),
		Posts:                NewLimiter(scale*50, 200),
		Typing:               NewLimiter(scale*5, 30),
		Uploads:              NewLimiter(scale*5, 60),
		LoginsByAccount:      NewLimiter(scale/15, 10),
		LoginsByKnownBrowser: NewLimiter(scale/15, 10),
		LoginsByIP:           NewLimiter(scale/3, 40),
		Signups:              NewLimiter(scale/6, 40),
		NewRooms:             NewLimiter(scale/10, 30),
		PasswordChecks:       NewLimiter(scale/15, 10),
		Renames:              NewLimiter(scale/60, 5),
		Exports:              NewLimiter(scale/60, 5),
		Emails:               NewLimiter(scale/300, 5),
		EmailLinks:           NewLimiter(scale/3, 40),
		TestPushes:           NewLimiter(scale/15, 10),
		NewBots:              NewLimiter(scale/60, 20),
		TokenRotations:       NewLimiter(scale/10, 30),
		BotPosts:             NewLimiter(scale*10, 100),
		WebhookPosts:         NewLimiter(scale*5, 50),
	}
}

// Limiter is a bucket for everyone who has acted of late.
type Limiter struct {
	rate  rate.Limit // a second; 0 means no limit
	burst int

	mu          sync.Mutex // guards all below
	buckets     map[string]*rate.Limiter
	lastCleanup time.Time
}

func NewLimiter(perSecond float64, burst int) *Limiter {
	return &Limiter{rate: rate.Limit(perSecond), burst: burst, buckets: map[string]*rate.Limiter{}, lastCleanup: time.Now()}
}

// Allow spends one of who's turns, or answers TooMany with the time until the next.
func (p *Limiter) Allow(key string) error {
	if p.rate == 0 {
		return nil
	}
	now := time.Now()
	r := p.bucket(key, now).ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
	return &chat.Error{Code: chat.TooMany, Format: "That was too often. Wait a moment and try again.", RetryAfter: wait}
}

// AllowUser is take for what a person does, from wherever they do it.
func (p *Limiter) AllowUser(user chat.User) error {
	return p.Allow("user " + strconv.FormatInt(user.ID, 10))
}

func (p *Limiter) bucket(key string, now time.Time) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.removeFull(now)
	b := p.buckets[key]
	if b == nil {
		b = rate.NewLimiter(p.rate, p.burst)
		p.buckets[key] = b
	}
	return b
}

// removeFull forgets, once a minute, those whose bucket is full again. The caller holds mu.
func (p *Limiter) removeFull(now time.Time) {
	if now.Sub(p.lastCleanup) < time.Minute {
		return
	}
	p.lastCleanup = now
	for key, b := range p.buckets {
		if b.TokensAt(now) >= float64(p.burst) {
			delete(p.buckets, key)
		}
	}
}

// NetworkPrefix is what one household or server has: an IPv4 address, or the /64 of an IPv6 one.
func NetworkPrefix(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.Is4() || addr.Is4In6() {
		return ip
	}
	prefix, _ := addr.WithZone("").Prefix(64)
	return prefix.String()
}
