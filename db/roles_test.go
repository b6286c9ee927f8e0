package db_test

import (
	"fmt"
	"testing"

	"charla/chat"
	"charla/db"
)

// beforeRoles is the number of the last migration before the one that adds roles.
const beforeRoles = 103

// TestMigrationOfRoles upgrades databases from before there were owners, moderators and guests. All rows stay, the first
// enabled admin becomes the owner, and the wider conditions hold.
func TestMigrationOfRoles(t *testing.T) {
	for name, e := range engines(t) {
		t.Run(name, func(t *testing.T) {
			s, err := e.openVersion(beforeRoles)
			wantErr(t, err, nil)
			for i, role := range []string{"member", "admin", "admin", "admin", "member"} {
				s.RawExec(t, `INSERT INTO users (name, name_key, email, email_key, password_hash, created_at, role, disabled_at, owner_id)
					VALUES ($1, $1, $1, $1, 'hash', 1, $2, $3, $4)`, fmt.Sprint("user", i+1), role, []int{0, 7, 0, 0, 0}[i], []int{0, 0, 0, 0, 1}[i])
			}
			s.RawExec(t, `INSERT INTO rooms (kind, name, name_key, access, created_at, last_seq) VALUES ('channel', 'Cellar', 'cellar', 'invited', 1, 3)`)
			for i, role := range []string{"member", "owner", "member"} {
				s.RawExec(t, `INSERT INTO members (room_id, user_id, joined_seq, read_seq, role) VALUES (2, $1, $1, 1, $2)`, i+1, role)
			}
			wantErr(t, s.Close(), nil)

			s, err = e.open()
			wantErr(t, err, nil)
			defer s.Close()
			equal(t, db.Column[string](t, s, `SELECT name || ':' || role FROM users ORDER BY id`),
				[]string{"user1:member", "user2:admin", "user3:owner", "user4:admin", "user5:member"})
			equal(t, db.Column[string](t, s, `SELECT role FROM members WHERE room_id = 2 ORDER BY user_id`), []string{"member", "owner", "member"})
			setRole := func(user int64, role chat.Role) error {
				return s.InTx(t.Context(), func(tx chat.Tx) error { return tx.SetRole(t.Context(), user, role, 5) })
			}
			setRoomRole := func(user int64, role chat.Role) error {
				return s.InTx(t.Context(), func(tx chat.Tx) error { return tx.SetMemberRole(t.Context(), 2, user, role) })
			}
			for _, role := range []chat.Role{chat.RoleGuest, chat.RoleModerator, chat.RoleMember} {
				wantErr(t, setRole(1, role), nil)
			}
			wantErr(t, setRoomRole(1, chat.RoleModerator), nil)
			for what, err := range map[string]error{
				"an unknown role": setRole(1, "king"), "a second owner": setRole(4, chat.RoleOwner),
				"an admin in a room": setRoomRole(1, chat.RoleAdmin), "a second owner of a room": setRoomRole(1, chat.RoleOwner),
			} {
				if err == nil {
					t.Errorf("%s was stored", what)
				}
			}
			changes, err := s.RoleChanges(t.Context(), 5)
			wantErr(t, err, nil)
			equal(t, changes, []chat.RoleChanged{{User: 1, Role: chat.RoleMember}})
			if name == "sqlite" {
				equal(t, db.Column[string](t, s, `SELECT integrity_check FROM pragma_integrity_check`), []string{"ok"})
				equal(t, len(db.Column[string](t, s, `SELECT "table" FROM pragma_foreign_key_check`)), 0)
			}
		})
	}
}

// TestMigrationWithoutAdmin upgrades a database in which nobody is an admin: the first person becomes the owner.
func TestMigrationWithoutAdmin(t *testing.T) {
	for name, e := range engines(t) {
		t.Run(name, func(t *testing.T) {
			s, err := e.openVersion(beforeRoles)
			wantErr(t, err, nil)
			for i := range 3 {
				s.RawExec(t, `INSERT INTO users (name, name_key, email, email_key, password_hash, created_at, disabled_at)
					VALUES ($1, $1, $1, $1, 'hash', 1, $2)`, fmt.Sprint("user", i+1), []int{7, 0, 0}[i])
			}
			wantErr(t, s.Close(), nil)
			s, err = e.open()
			wantErr(t, err, nil)
			defer s.Close()
			equal(t, db.Column[string](t, s, `SELECT role FROM users ORDER BY id`), []string{"member", "owner", "member"})
		})
	}
}
