package db_test

import (
	"testing"

	"charla/chat"
	"charla/db"
)

func testUsers(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := register(t, s, "ana"), register(t, s, "ben")
	equal(t, ana.Role, chat.RoleAdmin)
	equal(t, ben.Role, chat.RoleMember)
	equal(t, ben, chat.User{ID: ben.ID, Name: "ben", Email: "ben@example.org", Role: chat.RoleMember})

	found, hash, err := s.UserByEmail(ctx, "ben@example.org")
	is(t, err, nil)
	equal(t, found, ben)
	equal(t, hash, "hash of ben")
	_, _, err = s.UserByEmail(ctx, "nobody@example.org")
	is(t, err, chat.ErrNotFound)

	is(t, s.InTx(ctx, func(tx chat.Tx) error {
		_, err := join(ctx, tx, "ben")
		return err
	}), chat.ErrDuplicate)

	write(t, s, func(tx chat.Tx) error {
		return tx.SetPreferences(ctx, ben.ID, chat.Preferences{Locale: "en", Theme: "dark", Sound: true})
	})
	found, err = s.User(ctx, ben.ID)
	is(t, err, nil)
	ben.Locale, ben.Theme, ben.Sound = "en", "dark", true
	equal(t, found, ben)
	_, err = s.User(ctx, 99)
	is(t, err, chat.ErrNotFound)
}

func testFindPeople(t *testing.T, s *db.Store) {
	after := int64(0)
	find := func(query string, limit int) (names string) {
		t.Helper()
		people, err := s.FindPeople(t.Context(), query, after, limit)
		is(t, err, nil)
		for _, p := range people {
			names += p.Name + ";"
		}
		return names
	}
	equal(t, find("", 9), "")
	for _, name := range []string{"Zoë", "100%", "a_b", `back\slash`, "Adam", "Ñandú", "gone"} {
		register(t, s, name)
	}
	s.Raw(t, `UPDATE users SET disabled_at = 5 WHERE name = 'gone'`)
	equal(t, find("zoe", 9), "Zoë;")
	equal(t, find("nandu", 9), "Ñandú;")
	equal(t, find("%", 9), "100%;")
	equal(t, find("_", 9), "a_b;")
	equal(t, find(`\`, 9), `back\slash;`)
	equal(t, find("a", 2), "a_b;Adam;")
	equal(t, find("gone", 9), "")
	equal(t, find("", 9), `100%;a_b;Adam;back\slash;Ñandú;Zoë;`)
	after = db.Column[int64](t, s, `SELECT id FROM users WHERE name = 'Adam'`)[0]
	equal(t, find("", 2), `back\slash;Ñandú;`)
	equal(t, find("z", 9), `Zoë;`)
	after = 1 << 40
	equal(t, find("", 9), "")
}

func testSecrets(t *testing.T, s *db.Store) {
	ctx := t.Context()
	keep := func(value string) (kept []byte) {
		write(t, s, func(tx chat.Tx) (err error) {
			kept, err = tx.KeepSecret(ctx, "cookie", []byte(value))
			return err
		})
		return kept
	}
	equal(t, string(keep("first\x00\xff")), "first\x00\xff")
	equal(t, string(keep("second")), "first\x00\xff")
}
