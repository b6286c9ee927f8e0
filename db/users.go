package db

import (
	"cmp"
	"context"

	"charla/chat"
)

// userColumns lists the columns of a chat.User. The query must call the table users u.
const userColumns = `u.id, u.name, u.email, u.locale, u.theme, u.role, u.disabled_at, u.avatar_file_id, u.owner_id,
	u.sound_enabled, u.handle`

// User returns a person or bot by id.
func (r reader) User(ctx context.Context, id int64) (u chat.User, err error) {
	const query = `
		SELECT ` + userColumns + ` FROM users u WHERE u.id = $1`
	err = r.get(ctx, "read user", &u, query, id)
	return u, err
}

// UserByEmail returns a person and the hash of their password.
func (r reader) UserByEmail(ctx context.Context, emailKey string) (c chat.Credentials, err error) {
	const query = `
		SELECT ` + userColumns + `, u.password_hash FROM users u WHERE u.email_key = $1`
	err = r.get(ctx, "read user by e-mail", &c, query, emailKey)
	return c, err
}

// InsertUser adds an account. The first person becomes the owner. The caller has locked General, so that only one
// account at a time can find itself the first.
func (w writer) InsertUser(ctx context.Context, u chat.NewUser) (user chat.User, err error) {
	const query = `
		INSERT INTO users (name, name_key, email, email_key, password_hash, created_at, owner_id, browser_locale,
			email_confirmed_at, role)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
			CASE WHEN EXISTS (SELECT 1 FROM users WHERE name <> '' AND owner_id = 0) THEN $10 ELSE $11 END)
		RETURNING id, name, email, locale, theme, role, disabled_at, avatar_file_id, owner_id, sound_enabled,
			handle`
	err = w.get(ctx, "insert user", &user, query, u.Name, u.NameKey, u.Email, u.EmailKey, u.PasswordHash, u.CreatedAt,
		u.OwnerID, u.BrowserLocale, u.ConfirmedAt, cmp.Or(u.Role, chat.RoleMember), chat.RoleOwner)
	return user, err
}

// SetName changes the name of a user. It returns chat.ErrNotFound for a deleted account, which must stay without a
// name.
func (w writer) SetName(ctx context.Context, user int64, name, nameKey string) error {
	const query = `
		UPDATE users SET name = $2, name_key = $3 WHERE id = $1 AND name <> ''`
	return w.execRow(ctx, "set name", query, user, name, nameKey)
}

// SetRole sets the role of a person in the community and records the time of the change.
func (w writer) SetRole(ctx context.Context, user int64, role chat.Role, at chat.Timestamp) error {
	const query = `
		UPDATE users SET role = $2, role_changed_at = $3 WHERE id = $1`
	_, err := w.exec(ctx, "set role", query, user, role, at)
	return err
}

// SetEmail changes the e-mail address of a user. It returns chat.ErrDuplicate if another account has the address, which
// a unique constraint ensures.
func (w writer) SetEmail(ctx context.Context, user int64, email, emailKey string, confirmed chat.Timestamp) error {
	const query = `
		UPDATE users SET email = $2, email_key = $3, email_confirmed_at = $4 WHERE id = $1`
	_, err := w.exec(ctx, "set e-mail", query, user, email, emailKey, confirmed)
	return err
}

// ConfirmEmail records when a user confirmed their e-mail address. It keeps the time of the first confirmation.
func (w writer) ConfirmEmail(ctx context.Context, user int64, at chat.Timestamp) error {
	const query = `
		UPDATE users SET email_confirmed_at = $2 WHERE id = $1 AND email_confirmed_at = 0`
	_, err := w.exec(ctx, "confirm e-mail", query, user, at)
	return err
}

// SetPassword replaces the password hash. It returns chat.ErrNotFound unless the stored hash equals the one given as
// "old".
func (w writer) SetPassword(ctx context.Context, user int64, old, hash string) error {
	const query = `
		UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`
	return w.execRow(ctx, "set password", query, user, old, hash)
}

// ReplacePassword replaces the password hash without comparing the stored one: the user has proved their identity in
// another way.
func (w writer) ReplacePassword(ctx context.Context, user int64, hash string) error {
	const query = `
		UPDATE users SET password_hash = $2 WHERE id = $1`
	_, err := w.exec(ctx, "replace password", query, user, hash)
	return err
}

// SetDisabled disables a user as of a time, or enables them if the time is zero.
func (w writer) SetDisabled(ctx context.Context, user int64, at chat.Timestamp) error {
	const query = `
		UPDATE users SET disabled_at = $2 WHERE id = $1`
	_, err := w.exec(ctx, "set disabled", query, user, at)
	return err
}

// SetAvatar makes a file the avatar of a user, or removes the avatar if file is zero. It returns the blob of the
// previous avatar. It returns chat.ErrNotFound if the file does not belong to the user or is attached to a message.
func (w writer) SetAvatar(ctx context.Context, user, file int64) (blobs []int64, err error) {
	const op = "set avatar"
	const (
		check = `
			SELECT f.id FROM files f WHERE f.id = $2 AND f.user_id = $1 AND ` + isUnattached
		deleteOld = `
			DELETE FROM files WHERE id = (SELECT avatar_file_id FROM users WHERE id = $1) AND id <> $2
			RETURNING blob_id`
		set = `
			UPDATE users SET avatar_file_id = $2 WHERE id = $1`
	)
	if err := w.LockUser(ctx, user); err != nil {
		return nil, err
	}
	if file != 0 {
		var found int64
		if err := w.get(ctx, op, &found, check, user, file); err != nil {
			return nil, err
		}
	}
	if err := w.list(ctx, op, &blobs, deleteOld, user, file); err != nil {
		return nil, err
	}
	_, err = w.exec(ctx, op, set, user, file)
	return blobs, err
}

// LockUser locks the user's row until the transaction ends. It does so on PostgreSQL only, because on SQLite writes run
// one after the other anyway.
func (w writer) LockUser(ctx context.Context, user int64) error {
	const query = `
		UPDATE users SET disabled_at = disabled_at WHERE id = $1`
	_, err := w.exec(ctx, "lock user", query, user)
	return err
}

// LockAccount locks the user's row, or returns chat.ErrNotFound if the user is disabled or the stored password hash
// differs from the given one. Transactions that change the password or disable the user update the same row first, so
// they wait.
func (w writer) LockAccount(ctx context.Context, user int64, hash string) error {
	const query = `
		UPDATE users SET disabled_at = disabled_at
		WHERE id = $1 AND disabled_at = 0 AND ($2 = '' OR password_hash = $2)`
	return w.execRow(ctx, "lock account", query, user, hash)
}
