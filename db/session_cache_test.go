package db

import (
	"testing"
	"testing/synctest"
	"time"

	"charla/chat"
)

// TestSessionCache checks when a session is read again: after a second, when it has expired, after a change of rights,
// and also if the change happened while the session was being read.
func TestSessionCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c sessionCache
		queries := 0
		changed := func() {}
		read := func(now chat.Timestamp) {
			t.Helper()
			_, _, err := c.read(sessionKey{hash: "h"}, now, func() (chat.Session, chat.User, error) {
				queries++
				changed()
				return chat.Session{ExpiresAt: 100}, chat.User{}, nil
			})
			if err != nil {
				t.Error(err)
			}
		}
		wantQueries := func(when string, want int) {
			t.Helper()
			if queries != want {
				t.Errorf("%s the database was asked %d times, want %d", when, queries, want)
			}
		}
		read(1)
		time.Sleep(maxSessionAge - time.Nanosecond)
		read(1)
		wantQueries("within a second", 1)
		time.Sleep(time.Nanosecond)
		read(1)
		wantQueries("after a second", 2)
		read(100)
		wantQueries("when the session has expired", 3)
		c.empty()
		read(1)
		wantQueries("after a change", 4)
		c.empty()
		changed = c.empty
		read(1)
		changed = func() {}
		read(1)
		wantQueries("after a change during the query", 6)
		time.Sleep(3 * maxSessionAge)
		synctest.Wait()
		if c.entries != nil {
			t.Errorf("%d sessions are kept without being used", len(c.entries))
		}
	})
}

// TestStatementsThatChangeRights checks which statements empty the cache of sessions.
func TestStatementsThatChangeRights(t *testing.T) {
	for statement, want := range map[string]bool{
		"UPDATE users SET role = $2":                                       true,
		"update\n sessions SET ended_at = $2 RETURNING id":                 true,
		"DELETE FROM sessions WHERE id = $1":                               true,
		"WITH x AS (SELECT 1) DELETE FROM users":                           true,
		touchSession:                                                       false,
		"UPDATE rooms SET last_seq = 1 RETURNING (SELECT name FROM users)": false,
		"INSERT INTO sessions (hash) VALUES ($1)":                          false,
		"SELECT id FROM sessions":                                          false,
	} {
		if changesRights(statement) != want {
			t.Errorf("changesRights(%q) is %t", statement, !want)
		}
	}
}
