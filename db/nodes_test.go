package db_test

import (
	"testing"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
)

func TestNodeHeartbeats(t *testing.T) {
	for name, s := range map[string]*db.Store{"sqlite": dbtest.OpenSQLite(t), "postgres": dbtest.OpenPostgres(t)} {
		t.Run(name, func(t *testing.T) {
			touch := func(id string, at chat.Timestamp, relay bool) []db.Node {
				t.Helper()
				others, err := s.Heartbeat(t.Context(), db.Node{ID: id, SeenAt: at, HasRelay: relay}, at-999, 1)
				wantErr(t, err, nil)
				return others
			}
			equal(t, len(touch("a", 1000, true)), 0)
			equal(t, len(touch("a", 1001, true)), 0)
			equal(t, touch("b", 1002, false)[0], db.Node{ID: "a", SeenAt: 1001, HasRelay: true})
			equal(t, touch("a", 1003, true)[0], db.Node{ID: "b", SeenAt: 1002})
			wantErr(t, s.DeleteNode(t.Context(), "b"), nil)
			equal(t, len(touch("a", 1004, true)), 0)
			touch("b", 1005, false)
			touch("c", 1006, false)
			equal(t, touch("a", 1007, true), []db.Node{{ID: "c", SeenAt: 1006}})
			equal(t, len(touch("a", 2007, true)), 0)
		})
	}
}
