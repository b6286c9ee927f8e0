package db_test

import (
	"testing"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
)

func TestNodesSeeEachOther(t *testing.T) {
	for name, s := range map[string]*db.Store{"sqlite": dbtest.SQLite(t), "postgres": dbtest.OpenPostgres(t)} {
		t.Run(name, func(t *testing.T) {
			touch := func(id string, at chat.Micros, relay bool) []db.Node {
				t.Helper()
				others, err := s.Touch(t.Context(), db.Node{ID: id, SeenAt: at, Relay: relay})
				is(t, err, nil)
				return others
			}
			equal(t, len(touch("a", 1000, true)), 0)
			equal(t, len(touch("a", 1001, true)), 0)
			equal(t, touch("b", 1002, false)[0], db.Node{ID: "a", SeenAt: 1001, Relay: true})
			equal(t, touch("a", 1003, true)[0], db.Node{ID: "b", SeenAt: 1002})
			is(t, s.Leave(t.Context(), "b"), nil)
			equal(t, len(touch("a", 1004, true)), 0)
			touch("b", 1005, false)
			equal(t, len(touch("a", 1005+3_600_000_001, true)), 0)
		})
	}
}
