package db

import (
	"context"
	"strings"

	"charla/chat"
)

// account are the columns of a person u, as they know themself.
const account = `u.id, u.name, u.email, u.locale, u.theme, u.role, u.disabled_at, u.avatar, u.owner_id, u.sound`

// User finds a person by id.
func (r reader) User(ctx context.Context, id int64) (u chat.User, err error) {
	const query = `
		SELECT ` + account + ` FROM users u WHERE u.id = $1`
	err = r.get(ctx, &u, query, id)
	return u, err
}

// UserByEmail finds a person and the hash of their password.
func (r reader) UserByEmail(ctx context.Context, emailKey string) (chat.User, string, error) {
	const query = `
		SELECT ` + account + `, u.password_hash FROM users u WHERE u.email_key = $1`
	var row struct {
		chat.User
		Hash string `db:"password_hash"`
	}
	err := r.get(ctx, &row, query, emailKey)
	return row.User, row.Hash, err
}

// FindPeople reads the names in order until it has enough of them. It goes on after a person like Members.
func (r reader) FindPeople(ctx context.Context, nameKey string, after int64, limit int) (people []chat.Person, err error) {
	const query = `
		SELECT u.id, u.name, u.avatar, u.owner_id <> 0 AS bot FROM users u
		WHERE u.name_key LIKE $1 ESCAPE '\' AND u.disabled_at = 0 AND ` + behindPerson + `
		ORDER BY u.name_key, u.id
		LIMIT $3`
	err = r.list(ctx, &people, query, containing(nameKey), after, limit)
	return people, err
}

// Accounts lists the disabled too, and nobody who deleted their account.
func (r reader) Accounts(ctx context.Context, key string, after int64, limit int) (users []chat.User, err error) {
	const query = `
		SELECT ` + account + ` FROM users u
		WHERE (u.name_key LIKE $1 ESCAPE '\' OR u.email_key LIKE $1 ESCAPE '\') AND u.name <> '' AND ` + behindPerson + `
		ORDER BY u.name_key, u.id
		LIMIT $3`
	err = r.list(ctx, &users, query, containing(key), after, limit)
	return users, err
}

// behindPerson holds for those who stand behind the person $2 in the order of names; for all with 0.
const behindPerson = `(CAST($2 AS BIGINT) = 0 OR (u.name_key, u.id) > (SELECT a.name_key, a.id FROM users a WHERE a.id = $2))`

// containing is the pattern of LIKE for what contains a text.
func containing(text string) string { return "%" + likeEscaper.Replace(text) + "%" }

// likeEscaper makes LIKE take its own signs as letters.
var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// InsertUser relies on its caller to hold General's row: then no two are the first of all.
func (w writer) InsertUser(ctx context.Context, u chat.NewUser) (user chat.User, err error) {
	const query = `
		INSERT INTO users (name, name_key, email, email_key, password_hash, created_at, owner_id, spoken, confirmed_at, role)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN EXISTS (SELECT 1 FROM users WHERE name <> '' AND owner_id = 0) THEN 'member' ELSE 'admin' END)
		RETURNING id, name, email, locale, theme, role, disabled_at, avatar, owner_id, sound`
	err = w.get(ctx, &user, query, u.Name, u.NameKey, u.Email, u.EmailKey, u.PasswordHash, u.CreatedAt, u.OwnerID, u.Spoken, u.ConfirmedAt)
	return user, err
}

// SetPreferences keeps how a person sees and hears Charla.
func (w writer) SetPreferences(ctx context.Context, user int64, p chat.Preferences) error {
	const query = `
		UPDATE users SET locale = $2, theme = $3, sound = $4 WHERE id = $1`
	_, err := w.exec(ctx, query, user, p.Locale, p.Theme, p.Sound)
	return err
}

// SetName finds nobody who deleted their account meanwhile: they stay without a name.
func (w writer) SetName(ctx context.Context, user int64, name, nameKey string) error {
	const query = `
		UPDATE users SET name = $2, name_key = $3 WHERE id = $1 AND name <> ''`
	changed, err := w.exec(ctx, query, user, name, nameKey)
	return found(changed, err)
}

// SetRole says what a person may do in the community.
func (w writer) SetRole(ctx context.Context, user int64, role chat.Role) error {
	const query = `
		UPDATE users SET role = $2 WHERE id = $1`
	_, err := w.exec(ctx, query, user, role)
	return err
}

// SetPassword finds nothing where the old hash is no longer the one.
func (w writer) SetPassword(ctx context.Context, user int64, old, hash string) error {
	const query = `
		UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`
	changed, err := w.exec(ctx, query, user, old, hash)
	return found(changed, err)
}

// HoldAccount takes the row's lock, which whoever changes the password or shuts somebody out takes first.
func (w writer) HoldAccount(ctx context.Context, user int64, hash string) error {
	const query = `
		UPDATE users SET disabled_at = disabled_at WHERE id = $1 AND disabled_at = 0 AND ($2 = '' OR password_hash = $2)`
	held, err := w.exec(ctx, query, user, hash)
	return found(held, err)
}

// SetDisabled shuts a person out, or lets them in.
func (w writer) SetDisabled(ctx context.Context, user int64, at chat.Micros) error {
	const query = `
		UPDATE users SET disabled_at = $2 WHERE id = $1`
	_, err := w.exec(ctx, query, user, at)
	return err
}
