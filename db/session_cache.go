package db

import (
	"regexp"
	"sync"
	"time"

	"charla/chat"
)

// maxSessionAge is how long a session that was read serves the next requests. A change that a command of the operator
// makes in the database, beside the server, acts that much later. The command waits for it.
const maxSessionAge = time.Second

// sessionCache keeps sessions that were just read, with their users. It is emptied by every transaction of this process
// that changes a session or a user, before the caller of InTx learns that the transaction has committed. It does not
// remember that a session was not found.
type sessionCache struct {
	mu         sync.Mutex // guards all below
	generation int        // how often the cache was emptied
	entries    map[sessionKey]cachedSession
}

// sessionKey is what a session was looked up by: the hash of its token or its id.
type sessionKey struct {
	hash string
	id   int64
}

type cachedSession struct {
	session chat.Session
	user    chat.User
	readAt  time.Time // when the query began
}

// read returns the session with a key that is live at the time now. It asks the database with query unless it has the
// session.
func (c *sessionCache) read(key sessionKey, now chat.Timestamp,
	query func() (chat.Session, chat.User, error)) (chat.Session, chat.User, error) {
	began := time.Now()
	known, generation := c.lookUp(key, began)
	if known.session.ExpiresAt > now {
		return known.session, known.user, nil
	}
	session, user, err := query()
	if err == nil {
		c.add(key, cachedSession{session, user, began}, generation)
	}
	return session, user, err
}

// lookUp returns what the cache has under a key, or the zero value, and how often the cache was emptied.
func (c *sessionCache) lookUp(key sessionKey, at time.Time) (cachedSession, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.entries[key]
	if at.Sub(known.readAt) >= maxSessionAge {
		known = cachedSession{}
	}
	return known, c.generation
}

// add keeps a session, unless the cache was emptied since the given generation: the session may then be older than the
// change that emptied it.
func (c *sessionCache) add(key sessionKey, read cachedSession, generation int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation {
		return
	}
	if c.entries == nil {
		c.entries = map[sessionKey]cachedSession{}
		time.AfterFunc(maxSessionAge, c.removeOld)
	}
	c.entries[key] = read
}

// removeOld removes the sessions that are too old to be used. While there are others, it has itself called again.
func (c *sessionCache) removeOld() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, left := time.Now(), map[sessionKey]cachedSession{}
	for key, known := range c.entries {
		if now.Sub(known.readAt) < maxSessionAge {
			left[key] = known
		}
	}
	if c.entries = left; len(left) == 0 {
		c.entries = nil // and not an empty map, which would keep its memory and its timer
		return
	}
	time.AfterFunc(maxSessionAge, c.removeOld)
}

// empty removes all sessions.
func (c *sessionCache) empty() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	clear(c.entries)
}

// changesRights reports whether a statement changes a user or a session in a way that matters to sessionCache. It looks
// at the text of the statement, so that no statement can be forgotten. The time of a session's last use does not
// matter: it changes every minute for everybody.
func changesRights(statement string) bool {
	if known, ok := statementChangesRights.Load(statement); ok {
		return known.(bool)
	}
	changes := writesUserOrSession.MatchString(statement) && statement != touchSession
	statementChangesRights.Store(statement, changes)
	return changes
}

var (
	writesUserOrSession    = regexp.MustCompile(`(?i)\b(UPDATE|DELETE\s+FROM)\s+(users|sessions)\b`)
	statementChangesRights sync.Map // from the text of a statement to the result of changesRights
)
