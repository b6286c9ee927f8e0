package db

import (
	"context"

	"charla/chat"
)

// userColumns are the columns of a person u, as they know themself.
const userColumns = `u.id, u.name, u.email, u.locale, u.theme, u.role, u.disabled_at, u.avatar, u.owner_id, u.sound`

// User finds a person by id.
func (r reader) User(ctx context.Context, id int64) (u chat.User, err error) {
	const query = `
		SELECT ` + userColumns + ` FROM users u WHERE u.id = $1`
	err = r.get(ctx, &u, query, id)
	return u, err
}

// UserByEmail finds a person and the hash of their password.
func (r reader) UserByEmail(ctx context.Context, emailKey string) (c chat.Credentials, err error) {
	const query = `
		SELECT ` + userColumns + `, u.password_hash FROM users u WHERE u.email_key = $1`
	err = r.get(ctx, &c, query, emailKey)
	return c, err
}

// InsertUser relies on its caller to hold General's row: then no two are the first of all.
func (w writer) InsertUser(ctx context.Context, u chat.NewUser) (user chat.User, err error) {
	const query = `
		INSERT INTO users (name, name_key, email, email_key, password_hash, created_at, owner_id, spoken, confirmed_at, role)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN EXISTS (SELECT 1 FROM users WHERE name <> '' AND owner_id = 0) THEN 'member' ELSE 'admin' END)
		RETURNING id, name, email, locale, theme, role, disabled_at, avatar, owner_id, sound`
	err = w.get(ctx, &user, query, u.Name, u.NameKey, u.Email, u.EmailKey, u.PasswordHash, u.CreatedAt, u.OwnerID, u.BrowserLocale, u.ConfirmedAt)
	return user, err
}

// SetName finds nobody who deleted their account meanwhile: they stay without a name.
func (w writer) SetName(ctx context.Context, user int64, name, nameKey string) error {
	const query = `
		UPDATE users SET name = $2, name_key = $3 WHERE id = $1 AND name <> ''`
	changed, err := w.exec(ctx, query, user, name, nameKey)
	return requireRow(changed, err)
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
	return requireRow(changed, err)
}

// LockAccount takes the row's lock, which whoever changes the password or shuts somebody out takes first.
func (w writer) LockAccount(ctx context.Context, user int64, hash string) error {
	const query = `
		UPDATE users SET disabled_at = disabled_at WHERE id = $1 AND disabled_at = 0 AND ($2 = '' OR password_hash = $2)`
	held, err := w.exec(ctx, query, user, hash)
	return requireRow(held, err)
}

// SetDisabled shuts a person out, or lets them in.
func (w writer) SetDisabled(ctx context.Context, user int64, at chat.Timestamp) error {
	const query = `
		UPDATE users SET disabled_at = $2 WHERE id = $1`
	_, err := w.exec(ctx, query, user, at)
	return err
}

// LockUser takes the lock of the person's row. SQLite has one writer anyway.
func (w writer) LockUser(ctx context.Context, user int64) error {
	const query = `
		UPDATE users SET avatar = avatar WHERE id = $1`
	_, err := w.exec(ctx, query, user)
	return err
}

// SetEmail relies on the unique key.
func (w writer) SetEmail(ctx context.Context, user int64, email, emailKey string, confirmed chat.Timestamp) error {
	const query = `
		UPDATE users SET email = $2, email_key = $3, confirmed_at = $4 WHERE id = $1`
	_, err := w.exec(ctx, query, user, email, emailKey, confirmed)
	return err
}

// ConfirmEmail notes the first time.
func (w writer) ConfirmEmail(ctx context.Context, user int64, at chat.Timestamp) error {
	const query = `
		UPDATE users SET confirmed_at = $2 WHERE id = $1 AND confirmed_at = 0`
	_, err := w.exec(ctx, query, user, at)
	return err
}

// ReplacePassword is for who proved otherwise who they are.
func (w writer) ReplacePassword(ctx context.Context, user int64, hash string) error {
	const query = `
		UPDATE users SET password_hash = $2 WHERE id = $1`
	_, err := w.exec(ctx, query, user, hash)
	return err
}
