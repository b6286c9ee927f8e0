package chat

import (
	"context"
	"errors"
)

// UserReader reads accounts.
type UserReader interface {
	// User returns the account with this id.
	User(ctx context.Context, id int64) (User, error)
	// UserByEmail returns the account with this normalized e-mail address (see CleanEmail) and its password hash.
	UserByEmail(ctx context.Context, emailKey string) (Credentials, error)
}

// UserWriter changes accounts.
type UserWriter interface {
	// InsertUser adds an account. The first account becomes the admin. It returns ErrDuplicate if the e-mail address is taken.
	InsertUser(ctx context.Context, u NewUser) (User, error)
	// SetName renames a user. It returns ErrNotFound if the account was deleted.
	SetName(ctx context.Context, user int64, name, nameKey string) error
	// SetRole sets a user's role in the community.
	SetRole(ctx context.Context, user int64, role Role) error
	// SetPassword replaces a password hash. It returns ErrNotFound if the stored hash is not old.
	SetPassword(ctx context.Context, user int64, old, hash string) error
	// ReplacePassword replaces a password hash, whatever the stored one is.
	ReplacePassword(ctx context.Context, user int64, hash string) error
	// SetEmail changes a user's e-mail address. The time confirmed is zero if nobody proved to own the address.
	// It returns ErrDuplicate if another account has the address.
	SetEmail(ctx context.Context, user int64, email, emailKey string, confirmed Timestamp) error
	// ConfirmEmail records that a user proved to own their e-mail address.
	ConfirmEmail(ctx context.Context, user int64, at Timestamp) error
	// SetDisabled disables a user as of at, or enables them if at is zero.
	SetDisabled(ctx context.Context, user int64, at Timestamp) error
	// LockUser locks the row of a user: other transactions that lock or disable the same user wait until this one ends.
	LockUser(ctx context.Context, user int64) error
	// LockAccount is LockUser for a user who logs in or proves their password. It returns ErrNotFound if the user is
	// disabled or their password hash is not hash. An empty hash matches every password hash.
	LockAccount(ctx context.Context, user int64, hash string) error
}

// Deleted tells whether u deleted their account: then only a number is left of them, without a name.
func (u User) Deleted() bool { return u.Name == "" }

// SetAvatar gives by another picture, in the place of the one before. It answers Invalid for what is no picture, and
// otherwise what Upload does.
func (s *Service) SetAvatar(ctx context.Context, by User, in NewUpload) (File, error) {
	in.Conversation = ConversationRef{}
	f, err := s.Upload(ctx, by, in)
	if err != nil {
		return File{}, err
	}
	if !f.IsImage() {
		_, err = s.DeleteFile(ctx, by, f.ID)
		return File{}, errors.Join(err, invalidf("file", "This is no picture that Charla can show."))
	}
	return f, s.changeAvatar(ctx, by, f.ID)
}

// RemoveAvatar takes the picture of by away.
func (s *Service) RemoveAvatar(ctx context.Context, by User) error { return s.changeAvatar(ctx, by, 0) }

func (s *Service) changeAvatar(ctx context.Context, by User, file int64) error {
	var unused []int64
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		unused, err = tx.SetAvatar(ctx, by.ID, file)
		return err
	})
	if err == nil {
		s.releaseBlobs(ctx, unused)
		by.Avatar = file
		s.events.Publish(UserChanged{by.Summary()})
	}
	return err
}

// lockUser finds a person or bot that nobody disables until the commit; NotFound where somebody did.
func lockUser(ctx context.Context, tx Tx, id int64) (User, error) {
	if err := tx.LockUser(ctx, id); err != nil {
		return User{}, err
	}
	user, err := tx.User(ctx, id)
	if err == nil && user.Disabled() {
		err = ErrNotFound
	}
	return user, err
}

// Role is what a person may do beyond talking, in the community or in a room.
type Role string

// User is a registered person. Locale and Theme are empty where the browser decides.
type User struct {
	ID         int64     `db:"id"`
	Name       string    `db:"name"`
	Email      string    `db:"email"`
	Locale     string    `db:"locale"`
	Theme      string    `db:"theme"`
	Role       Role      `db:"role"`
	DisabledAt Timestamp `db:"disabled_at"`
	OwnerID    int64     `db:"owner_id"` // whose bot it is; 0 for a person
	Avatar     int64     `db:"avatar"`   // the file that is their picture; 0 for none
	Sound      bool      `db:"sound"`    // tells of messages that come unseen
}

// User is what others see of a user.
type UserSummary struct {
	ID     int64  `db:"id"`
	Name   string `db:"name"`
	Avatar int64  `db:"avatar"` // the file that is their picture; 0 for none, or where it is not known
	IsBot  bool   `db:"bot"`
}

// User returns the public part of u.
func (u User) Summary() UserSummary { return UserSummary{u.ID, u.Name, u.Avatar, u.IsBot()} }

// IsBot tells whether u is a program that a person made.
func (u User) IsBot() bool { return u.OwnerID != 0 }

// CanManageUsers tells whether u may shut people out and let them in again.
func (u User) CanManageUsers() bool { return u.Role == RoleAdmin }

// Disabled tells whether u is shut out: such a person cannot log in and has no session.
func (u User) Disabled() bool { return u.DisabledAt > 0 }

// Rename gives by another name, by the rules of registration, and announces it. It answers Invalid for a bad one.
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

// Credentials are a user with the hash of their password. A session is only opened if the hash is still the current one.
// The hash is empty for somebody who has just registered, and matches any current one.
type Credentials struct {
	User
	PasswordHash string `db:"password_hash"`
}

// NewUser is an account to be made.
type NewUser struct {
	Name          string    `db:"name"`
	NameKey       string    `db:"-"`
	Email         string    `db:"email"`
	EmailKey      string    `db:"email_key"`
	PasswordHash  string    `db:"password_hash"`
	BrowserLocale string    `db:"locale"` // the language of the browser
	CreatedAt     Timestamp `db:"created_at"`
	ConfirmedAt   Timestamp `db:"-"` // 0 where nobody asked whether the address is theirs
	OwnerID       int64     `db:"-"` // whose bot it is; 0 for a person
}
