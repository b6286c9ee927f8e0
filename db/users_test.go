package db_test

import (
	"testing"

	"charla/chat"
	"charla/db"
)

func testUsers(t *testing.T, s *db.Store) {
	ctx := t.Context()
	ana, ben := createUser(t, s, "ana"), createUser(t, s, "ben")
	equal(t, ana.Role, chat.RoleOwner)
	equal(t, ben.Role, chat.RoleMember)
	equal(t, ben, chat.User{ID: ben.ID, Name: "ben", Email: "ben@example.org", Role: chat.RoleMember})

	stored, err := s.UserByEmail(ctx, "ben@example.org")
	wantErr(t, err, nil)
	equal(t, stored.User, ben)
	equal(t, stored.PasswordHash, "hash of ben")
	_, err = s.UserByEmail(ctx, "nobody@example.org")
	wantErr(t, err, chat.ErrNotFound)

	wantErr(t, s.InTx(ctx, func(tx chat.Tx) error {
		_, err := createUserTx(ctx, tx, "ben")
		return err
	}), chat.ErrDuplicate)

	mustWrite(t, s, func(tx chat.Tx) error {
		return tx.SetPreferences(ctx, ben.ID, chat.Preferences{Locale: "en", Theme: "dark", Sound: true})
	})
	found, err := s.User(ctx, ben.ID)
	wantErr(t, err, nil)
	ben.Locale, ben.Theme, ben.Sound = "en", "dark", true
	equal(t, found, ben)
	_, err = s.User(ctx, 99)
	wantErr(t, err, chat.ErrNotFound)
}
