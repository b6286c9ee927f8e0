package chat

import (
	"context"
	"errors"
	"time"
)

// SignupReader reads registrations whose e-mail address is not confirmed yet.
type SignupReader interface {
	// PendingRegistration returns the registration with this id.
	PendingRegistration(ctx context.Context, id int64) (PendingRegistration, error)
	// PendingRegistrationByEmail returns the latest registration of an address that was made at or after since.
	PendingRegistrationByEmail(ctx context.Context, emailKey string, since Timestamp) (PendingRegistration, error)
}

// SignupWriter stores registrations whose e-mail address is not confirmed yet.
type SignupWriter interface {
	// InsertPendingRegistration adds a registration and returns its id.
	InsertPendingRegistration(ctx context.Context, u NewUser) (int64, error)
	// DeletePendingRegistrations deletes all registrations of an address, with their e-mail tokens.
	DeletePendingRegistrations(ctx context.Context, emailKey string) error
	// PrunePendingRegistrations deletes registrations that were made before a time.
	PrunePendingRegistrations(ctx context.Context, before Timestamp) error
}

// PendingRegistration is what a person fills in to join. Spoken is the language of their browser.
type Registration struct{ Name, Email, Password, BrowserLocale string }

// Check answers Invalid for each bad field, all joined. It asks nobody.
func (in Registration) Check() error {
	_, errName := CleanName(in.Name)
	_, _, errEmail := CleanEmail(in.Email)
	return errors.Join(errName, errEmail, checkPassword(in.Password, in.Name, in.Email))
}

// Register makes an account and lets it join General. It answers Invalid for each bad field, all joined, and Conflict
// when the e-mail is known in any case or Unicode form.
func (s *Service) Register(ctx context.Context, in Registration) (User, error) {
	account, err := s.newAccount(ctx, in)
	if err != nil {
		return User{}, err
	}
	var user User
	var joined MemberJoined
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		user, joined, err = createUser(ctx, tx, account)
		return err
	})
	if errors.Is(err, ErrDuplicate) {
		return User{}, errEmailTaken()
	}
	if err != nil {
		return User{}, err
	}
	s.events.Publish(joined)
	return user, nil
}

func errEmailTaken() *Error {
	return &Error{Code: Conflict, Field: "email", Format: "There is already an account with this e-mail address. Log in instead."}
}

// newAccount checks what a person filled in and hashes the password.
func (s *Service) newAccount(ctx context.Context, in Registration) (NewUser, error) {
	if err := in.Check(); err != nil {
		return NewUser{}, err
	}
	name, _ := CleanName(in.Name)
	email, key, _ := CleanEmail(in.Email)
	hash, err := s.hasher.hash(ctx, in.Password)
	return NewUser{Name: name, NameKey: NameKey(name), Email: email, EmailKey: key, PasswordHash: hash, BrowserLocale: in.BrowserLocale, CreatedAt: s.now()}, err
}

// createUser takes General's number first: its lock lets only one registration at a time ask whether it is the first.
func createUser(ctx context.Context, tx Tx, account NewUser) (User, MemberJoined, error) {
	seq, err := tx.NextSeq(ctx, General)
	if err != nil {
		return User{}, MemberJoined{}, err
	}
	user, err := tx.InsertUser(ctx, account)
	if err != nil {
		return User{}, MemberJoined{}, err
	}
	joined := MemberJoined{StreamKey: StreamKey{Room: General}, User: user.Summary(), Seq: seq}
	return user, joined, tx.InsertMember(ctx, General, user.ID, seq)
}

// Registering takes a letter where mail is on, and its link is good for a day: so long the registration waits.
const confirmationLinkLifetime = Timestamp(24 * time.Hour / time.Microsecond)

// PendingRegistration is somebody who registered and has not shown yet that the address is theirs.
type PendingRegistration struct {
	ID int64 `db:"id"`
	NewUser
}

// ErrUnconfirmed answers who logs in with the right password before the address is confirmed.
var ErrUnconfirmed = Errorf(Unauthenticated, "Confirm your address first: open the link in the e-mail that we sent you. It may be in the spam folder.")

// RequestRegistration keeps a registration and sends a letter to its address, which confirms it. It answers Invalid as Register does, and
// does the same for an address that is known: its owner is told instead. It is for where mail is on.
func (s *Service) RequestRegistration(ctx context.Context, in Registration) error {
	account, err := s.newAccount(ctx, in)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		id, err := tx.InsertPendingRegistration(ctx, account)
		if err != nil {
			return err
		}
		return s.enqueue(ctx, tx, Notification{Medium: MediumEmail, Kind: NotifyConfirmSignup, SubjectID: id})
	})
}

// ResendConfirmation sends the letter of the latest registration of an address again, if there is one.
func (s *Service) ResendConfirmation(ctx context.Context, email string) error {
	found, err := s.pendingRegistration(ctx, email)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		return s.enqueue(ctx, tx, Notification{Medium: MediumEmail, Kind: NotifyConfirmSignup, SubjectID: found.ID})
	})
}

// pendingRegistration finds the latest registration of an address that is not over.
func (s *Service) pendingRegistration(ctx context.Context, email string) (PendingRegistration, error) {
	_, key, _ := CleanEmail(email)
	return s.store.PendingRegistrationByEmail(ctx, key, s.now()-confirmationLinkLifetime)
}

// CheckConfirmationLink tells whether the link of a registration is still good: nil or errLinkExpired.
func (s *Service) CheckConfirmationLink(ctx context.Context, token string) error {
	_, err := s.emailToken(ctx, EmailTokenSignup, token)
	return err
}

// ConfirmRegistration makes the account of a registration, once. Who confirms says the password that was chosen: the link alone must not open
// an account that somebody else registered with this address. It answers Invalid for another password, and errLinkExpired, also when the address got an account meanwhile.
func (s *Service) ConfirmRegistration(ctx context.Context, token, password string) (User, error) {
	ticket, err := s.emailToken(ctx, EmailTokenSignup, token)
	if err != nil {
		return User{}, err
	}
	found, err := s.store.PendingRegistration(ctx, ticket.Registration)
	if err != nil {
		return User{}, err
	}
	ok, err := s.passwordMatches(ctx, found.PasswordHash, password)
	if err != nil {
		return User{}, err
	}
	if !ok {
		return User{}, invalidf("password", "This is not the password with which you registered.")
	}
	var user User
	var joined MemberJoined
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if err = tx.UseEmailToken(ctx, ticket.Hash); err != nil {
			return err
		}
		found.NameKey, found.CreatedAt, found.ConfirmedAt = NameKey(found.Name), s.now(), s.now()
		if user, joined, err = createUser(ctx, tx, found.NewUser); err != nil {
			return err
		}
		return tx.DeletePendingRegistrations(ctx, found.EmailKey)
	})
	if errors.Is(err, ErrDuplicate) || errors.Is(err, ErrNotFound) {
		return User{}, errLinkExpired
	}
	if err != nil {
		return User{}, err
	}
	s.events.Publish(joined)
	return user, nil
}
