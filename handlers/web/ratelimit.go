package web

import (
	"net/netip"
	"strconv"
	"sync"
	"time"

	"charla/chat"

	"golang.org/x/time/rate"
)

// RateLimits holds the rate limits of all actions. The limits of sign-in and sign-up are strict, to slow down guessing.
// All other limits only stop abuse.
type RateLimits struct {
	Requests             *Limiter // per user, or per IP address or IPv6 network
	Posts                *Limiter // messages, edits and reactions, per user
	Typing               *Limiter // saved drafts, per user
	Uploads              *Limiter // files, per user
	LoginsByAccount      *Limiter // per account, from browsers that have not logged in to it before
	LoginsByKnownBrowser *Limiter // per account, from browsers that have
	LoginsByIP           *Limiter // per IP address or IPv6 network
	Signups              *Limiter // per IP address or IPv6 network
	NewRooms             *Limiter // per user
	PasswordChecks       *Limiter // actions that need the password, per user
	Renames              *Limiter // per user; every page shows a new name
	Exports              *Limiter // account exports, per user
	Emails               *Limiter // e-mails that anybody can have sent, per recipient
	EmailLinks           *Limiter // uses of links from e-mails, per IP address or IPv6 network
	TestPushes           *Limiter // per user
	NewBots              *Limiter // per user
	TokenRotations       *Limiter // new tokens for bots, per user
	BotPosts             *Limiter // per bot, including its webhooks
	WebhookPosts         *Limiter // per webhook
}

// NewRateLimits returns the rate limits, with all rates multiplied by scale. Scale 0 switches all limits off.
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

// Limiter limits how often each key, such as a user or an IP address, may act. It counts with a token bucket for each
// recently used key.
type Limiter struct {
	rate  rate.Limit // per second; 0 means no limit
	burst int

	mu          sync.Mutex // guards all below
	buckets     map[string]*rate.Limiter
	lastCleanup time.Time
}

// NewLimiter returns a limiter that allows each key a burst of actions at once, and then perSecond actions per second.
func NewLimiter(perSecond float64, burst int) *Limiter {
	return &Limiter{
		rate: rate.Limit(perSecond), burst: burst, buckets: map[string]*rate.Limiter{}, lastCleanup: time.Now(),
	}
}

// Allow counts an action of the key and returns nil if the action is allowed. If the key has acted too often, it
// returns a chat.TooMany error that contains the time until the next action is allowed.
func (l *Limiter) Allow(key string) error {
	if l.rate == 0 {
		return nil
	}
	now := time.Now()
	r := l.bucket(key, now).ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
	return &chat.Error{Code: chat.TooMany, Format: "Too many requests. Wait a moment and try again.", RetryAfter: wait}
}

// AllowUser counts an action of a user and returns an error as Allow does. All sessions of the user share one limit.
func (l *Limiter) AllowUser(user chat.User) error {
	return l.Allow("user " + strconv.FormatInt(user.ID, 10))
}

func (l *Limiter) bucket(key string, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removeFull(now)
	b := l.buckets[key]
	if b == nil {
		b = rate.NewLimiter(l.rate, l.burst)
		l.buckets[key] = b
	}
	return b
}

// removeFull removes the buckets that are full again, because a new bucket would be the same. It does so at most once a
// minute. The caller must hold mu.
func (l *Limiter) removeFull(now time.Time) {
	if now.Sub(l.lastCleanup) < time.Minute {
		return
	}
	l.lastCleanup = now
	for key, b := range l.buckets {
		if b.TokensAt(now) >= float64(l.burst) {
			delete(l.buckets, key)
		}
	}
}

// NetworkPrefix returns the network that usually belongs to one customer of an internet provider: the IPv4 address
// itself, or the /64 network of an IPv6 address.
func NetworkPrefix(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.Is4() || addr.Is4In6() {
		return ip
	}
	prefix, _ := addr.WithZone("").Prefix(64)
	return prefix.String()
}
