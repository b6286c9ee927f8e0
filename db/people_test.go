package db_test

import (
	"fmt"
	"testing"

	"charla/chat"
	"charla/db"
)

func testAccounts(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	mustWrite(t, s, func(tx chat.Tx) error { return tx.SetDisabled(ctx, ben.ID, 100) })
	after := int64(0)
	list := func(query string, limit int) (names string) {
		t.Helper()
		users, err := s.AllUsers(ctx, query, after, limit)
		wantErr(t, err, nil)
		for _, u := range users {
			names += fmt.Sprint(u.Name, u.DisabledAt, u.Role, " ")
		}
		return names
	}
	equal(t, list("", 9), "ana0owner ben100member ")
	equal(t, list("", 1), "ana0owner ")
	equal(t, list("ben@", 9), "ben100member ")
	equal(t, list("_", 9), "")
	after = ana.ID
	equal(t, list("", 9), "ben100member ")
	equal(t, list("ana", 9), "")

	password := func(old, hash string) error {
		return s.InTx(ctx, func(tx chat.Tx) error { return tx.SetPassword(ctx, ana.ID, old, hash) })
	}
	wantErr(t, password("hash of ben", "x"), chat.ErrNotFound)
	wantErr(t, password("hash of ana", "new"), nil)
	stored, err := s.UserByEmail(ctx, "ana@example.org")
	wantErr(t, err, nil)
	equal(t, stored.PasswordHash, "new")

	kept, other, over := insertSession(t, s, ana, "a1"), insertSession(t, s, ana, "a2"), insertSession(t, s, ana, "a3")
	insertSession(t, s, ben, "b1")
	end := func(but int64) (ids []int64) {
		t.Helper()
		mustWrite(t, s, func(tx chat.Tx) (err error) {
			ids, err = tx.EndSessions(ctx, ana.ID, but, 300)
			return err
		})
		return ids
	}
	mustWrite(t, s, func(tx chat.Tx) error { return tx.EndSession(ctx, over.ID, 200) })
	equal(t, fmt.Sprint(end(kept.ID)), fmt.Sprint([]int64{other.ID}))
	equal(t, fmt.Sprint(end(kept.ID)), "[]")
	equal(t, fmt.Sprint(end(0)), fmt.Sprint([]int64{kept.ID}))
	equal(t, len(db.Column[int64](t, s, `SELECT id FROM sessions WHERE ended_at = 0`)), 1)
}

func testFindPeople(t *testing.T, s *db.Store) {
	var viewer, after int64
	find := func(query string, limit int) (names string) {
		t.Helper()
		people, err := s.FindUsers(t.Context(), viewer, query, after, limit)
		wantErr(t, err, nil)
		for _, p := range people {
			names += p.Name + ";"
		}
		return names
	}
	equal(t, find("", 9), "")
	for _, name := range []string{"Zoë", "100%", "a_b", `back\slash`, "Adam", "Ñandú", "gone"} {
		viewer = createUser(t, s, name).ID
	}
	s.RawExec(t, `UPDATE users SET disabled_at = 5 WHERE name = 'gone'`)
	equal(t, find("zoe", 9), "Zoë;")
	equal(t, find("nandu", 9), "Ñandú;")
	equal(t, find("%", 9), "100%;")
	equal(t, find("_", 9), "a_b;")
	equal(t, find(`\`, 9), `back\slash;`)
	equal(t, find("a", 2), "a_b;Adam;")
	equal(t, find("gone", 9), "")
	equal(t, find("", 9), `100%;a_b;Adam;back\slash;Ñandú;Zoë;`)
	s.RawExec(t, `UPDATE users SET handle = 'eva', handle_key = 'eva' WHERE name = '100%'`)
	equal(t, find("eva", 9)+find("@eva", 9), "100%;100%;")
	after = db.Column[int64](t, s, `SELECT id FROM users WHERE name = 'Adam'`)[0]
	equal(t, find("", 2), `back\slash;Ñandú;`)
	equal(t, find("z", 9), `Zoë;`)
	after = 1 << 40
	equal(t, find("", 9), "")
}
