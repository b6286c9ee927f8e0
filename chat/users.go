package chat

import (
	"context"
	"errors"
)

// UserReader reads accounts.
type UserReader interface {
	// User returns the account with this id.
	User(ctx context.Context, id int64) (User, error)
	// UserByEmail returns the account with this normalized e-mail address (see CleanEmail), and its password hash.
	UserByEmail(ctx context.Context, emailKey string) (Credentials, error)
}

// UserWriter changes accounts.
type UserWriter interface {
	// InsertUser adds an account. The first person becomes the owner. It returns ErrDuplicate if another account has
	// the e-mail address.
	InsertUser(ctx context.Context, u NewUser) (User, error)
	// SetName renames a user. It returns ErrNotFound if the account was deleted.
	SetName(ctx context.Context, user int64, name, nameKey string) error
	// SetRole sets a user's role in the community and records the time of the change.
	SetRole(ctx context.Context, user int64, role Role, at Timestamp) error
	// SetPassword replaces a user's password hash. It returns ErrNotFound if the stored hash differs from the one given
	// as "old".
	SetPassword(ctx context.Context, user int64, old, hash string) error
	// ReplacePassword replaces a user's password hash without comparing the stored one.
	ReplacePassword(ctx context.Context, user int64, hash string) error
	// SetEmail changes a user's e-mail address. The parameter confirmed is the time at which the user proved to own the
	// address, or zero. It returns ErrDuplicate if another account has the address.
	SetEmail(ctx context.Context, user int64, email, emailKey string, confirmed Timestamp) error
	// ConfirmEmail records that a user proved to own their e-mail address.
	ConfirmEmail(ctx context.Context, user int64, at Timestamp) error
	// SetDisabled disables a user as of the given time, or enables them if the time is zero.
	SetDisabled(ctx context.Context, user int64, at Timestamp) error
	// LockUser locks a user until the transaction ends: other transactions that lock or disable the same user wait.
	LockUser(ctx context.Context, user int64) error
	// LockAccount locks a user who logs in or proves their password, as LockUser does. It returns ErrNotFound if the
	// user is disabled or hash is not the stored password hash. An empty hash skips the comparison.
	LockAccount(ctx context.Context, user int64, hash string) error
}

// User is an account of a person or a bot. If Locale or Theme is empty, the browser decides.
type User struct {
	ID         int64     `db:"id"`
	Name       string    `db:"name"` // empty after the account was deleted
	Email      string    `db:"email"`
	Locale     string    `db:"locale"`
	Theme      string    `db:"theme"`
	Role       Role      `db:"role"`           // in the community
	DisabledAt Timestamp `db:"disabled_at"`    // zero if the user is not disabled
	OwnerID    int64     `db:"owner_id"`       // the person who owns this bot; zero for a person
	Avatar     int64     `db:"avatar_file_id"` // id of the picture's file; zero for none
	Sound      bool      `db:"sound_enabled"`  // plays a sound for new messages
	Handle     string    `db:"handle"`         // by which the user is mentioned; see CleanHandle
}

// UserSummary is the public part of a User.
type UserSummary struct {
	ID     int64  `db:"id"`
	Name   string `db:"name"`
	Avatar int64  `db:"avatar_file_id"` // id of the picture's file; zero for none or unknown
	IsBot  bool   `db:"is_bot"`
	Handle string `db:"handle"` // empty where it does not matter, and until AssignHandles ran
	// IsGuest is set only in summaries that come from an account, such as those of people who are online.
	IsGuest bool `db:"is_guest"`
}

// Summary returns the public part of u.
func (u User) Summary() UserSummary {
	return UserSummary{u.ID, u.Name, u.Avatar, u.IsBot(), u.Handle, u.IsGuest()}
}

// IsBot reports whether u is a bot.
func (u User) IsBot() bool { return u.OwnerID != 0 }

// Disabled reports whether u is disabled: a disabled user cannot log in and has no sessions.
func (u User) Disabled() bool { return u.DisabledAt > 0 }

// Deleted reports whether the account was deleted. A deleted user keeps only the id.
func (u User) Deleted() bool { return u.Name == "" }

// Credentials are a user with a password hash. A session starts only if this hash is still the stored one. An empty
// hash skips that check, as right after registration.
type Credentials struct {
	User
	PasswordHash string `db:"password_hash"`
}

// NewUser is an account to create.
type NewUser struct {
	Name          string    `db:"name"`
	NameKey       string    `db:"-"` // see the function NameKey
	Email         string    `db:"email"`
	EmailKey      string    `db:"email_key"` // the normalized address; see CleanEmail
	PasswordHash  string    `db:"password_hash"`
	BrowserLocale string    `db:"browser_locale"`
	CreatedAt     Timestamp `db:"created_at"`
	ConfirmedAt   Timestamp `db:"-"` // when the user proved to own the address; zero for never
	OwnerID       int64     `db:"-"` // the person who owns this bot; zero for a person
	Role          Role      `db:"-"` // in the community; empty for member
}

// lockUser locks and returns an enabled user, whom nobody can disable before the transaction ends. It returns
// ErrNotFound if the user is disabled.
func lockUser(ctx context.Context, tx Tx, id int64) (User, error) {
	if err := tx.LockUser(ctx, id); err != nil {
		return User{}, err
	}
	user, err := tx.User(ctx, id)
	if err != nil {
		return User{}, err
	}
	if user.Disabled() {
		return User{}, ErrNotFound
	}
	return user, nil
}

// Rename changes the name of the acting user. It returns Invalid if the name breaks the rules of CleanName.
func (s *Service) Rename(ctx context.Context, by User, name string) (UserSummary, error) {
	name, err := CleanName(name)
	if err != nil || name == by.Name {
		return by.Summary(), err
	}
	if err := s.store.InTx(ctx, func(tx Tx) error { return tx.SetName(ctx, by.ID, name, NameKey(name)) }); err != nil {
		return UserSummary{}, err
	}
	by.Name = name
	s.events.Publish(UserChanged{by.Summary()})
	return by.Summary(), nil
}

// SetAvatar uploads a picture and makes it the avatar of the acting user. It returns Invalid if the file is not a
// picture. The other errors are those of Upload.
func (s *Service) SetAvatar(ctx context.Context, by User, in NewUpload) (File, error) {
	in.Conversation = ConversationRef{}
	f, err := s.Upload(ctx, by, in)
	if err != nil {
		return File{}, err
	}
	if !f.IsImage() {
		_, err = s.DeleteFile(ctx, by, f.ID)
		unsupported := invalidf("file", "This picture can't be shown. Use a JPEG, PNG, GIF or WebP file.")
		return File{}, errors.Join(err, unsupported)
	}
	return f, s.changeAvatar(ctx, by, f.ID)
}

// RemoveAvatar removes the avatar of the acting user.
func (s *Service) RemoveAvatar(ctx context.Context, by User) error { return s.changeAvatar(ctx, by, 0) }

func (s *Service) changeAvatar(ctx context.Context, by User, file int64) error {
	var unused []int64
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		unused, err = tx.SetAvatar(ctx, by.ID, file)
		return err
	})
	if err != nil {
		return err
	}
	s.releaseBlobs(ctx, unused)
	by.Avatar = file
	s.events.Publish(UserChanged{by.Summary()})
	return nil
}
