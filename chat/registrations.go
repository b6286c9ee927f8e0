package chat

import (
	"context"
	"errors"
	"time"
)

// Registration is what a person fills in to join. Spoken is the language of their browser.
type Registration struct{ Name, Email, Password, Spoken string }

// Check answers Invalid for each bad field, all joined. It asks nobody.
func (in Registration) Check() error {
	_, errName := CleanName(in.Name)
	_, _, errEmail := CleanEmail(in.Email)
	return errors.Join(errName, errEmail, checkPassword(in.Password, in.Name, in.Email))
}

// Register makes an account and lets it join General. It answers Invalid for each bad field, all joined, and Conflict
// when the e-mail is known in any case or Unicode form.
func (s *Service) Register(ctx context.Context, in Registration) (User, error) {
	account, err := s.account(ctx, in)
	if err != nil {
		return User{}, err
	}
	var user User
	var joined MemberJoined
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		user, joined, err = enrol(ctx, tx, account)
		return err
	})
	if errors.Is(err, ErrDuplicate) {
		return User{}, errKnownEmail()
	}
	if err != nil {
		return User{}, err
	}
	s.events.Publish(joined)
	return user, nil
}

func errKnownEmail() *Error {
	return &Error{Code: Conflict, Field: "email", Format: "There is already an account with this e-mail address. Log in instead."}
}

// account checks what a person filled in and hashes the password.
func (s *Service) account(ctx context.Context, in Registration) (NewUser, error) {
	if err := in.Check(); err != nil {
		return NewUser{}, err
	}
	name, _ := CleanName(in.Name)
	email, key, _ := CleanEmail(in.Email)
	hash, err := s.hasher.hash(ctx, in.Password)
	return NewUser{Name: name, NameKey: NameKey(name), Email: email, EmailKey: key, PasswordHash: hash, Spoken: in.Spoken, CreatedAt: s.micros()}, err
}

// enrol takes General's number first: its lock lets only one registration at a time ask whether it is the first.
func enrol(ctx context.Context, tx Tx, account NewUser) (User, MemberJoined, error) {
	seq, err := tx.NextSeq(ctx, General)
	if err != nil {
		return User{}, MemberJoined{}, err
	}
	user, err := tx.InsertUser(ctx, account)
	if err != nil {
		return User{}, MemberJoined{}, err
	}
	joined := MemberJoined{Topic: Topic{Room: General}, Person: user.Person(), Seq: seq}
	return user, joined, tx.InsertMember(ctx, General, user.ID, seq)
}

// Registering takes a letter where mail is on, and its link is good for a day: so long the registration waits.
const confirmWithin = Micros(24 * time.Hour / time.Microsecond)

// Waitlisted is somebody who registered and has not shown yet that the address is theirs.
type Waitlisted struct {
	ID int64 `db:"id"`
	NewUser
}

// ErrUnconfirmed answers who logs in with the right password before the address is confirmed.
var ErrUnconfirmed = Errorf(Unauthenticated, "Confirm your address first: open the link in the e-mail that we sent you. It may be in the spam folder.")

// AskToJoin keeps a registration and sends a letter to its address, which confirms it. It answers Invalid as Register does, and
// does the same for an address that is known: its owner is told instead. It is for where mail is on.
func (s *Service) AskToJoin(ctx context.Context, in Registration) error {
	account, err := s.account(ctx, in)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		id, err := tx.InsertRegistration(ctx, account)
		if err != nil {
			return err
		}
		return s.tell(ctx, tx, Notice{Road: ByMail, Kind: NoticeConfirm, Ref: id})
	})
}

// RemindToConfirm sends the letter of the latest registration of an address again, if there is one.
func (s *Service) RemindToConfirm(ctx context.Context, email string) error {
	found, err := s.waiting(ctx, email)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		return s.tell(ctx, tx, Notice{Road: ByMail, Kind: NoticeConfirm, Ref: found.ID})
	})
}

// waiting finds the latest registration of an address that is not over.
func (s *Service) waiting(ctx context.Context, email string) (Waitlisted, error) {
	_, key, _ := CleanEmail(email)
	return s.store.RegistrationByEmail(ctx, key, s.micros()-confirmWithin)
}

// Confirmable tells whether the link of a registration is still good: nil or errLinkOver.
func (s *Service) Confirmable(ctx context.Context, token string) error {
	_, err := s.ticket(ctx, TicketConfirm, token)
	return err
}

// Confirm makes the account of a registration, once. Who confirms says the password that was chosen: the link alone must not open
// an account that somebody else registered with this address. It answers Invalid for another password, and errLinkOver, also when the address got an account meanwhile.
func (s *Service) Confirm(ctx context.Context, token, password string) (User, error) {
	ticket, err := s.ticket(ctx, TicketConfirm, token)
	if err != nil {
		return User{}, err
	}
	found, err := s.store.Registration(ctx, ticket.Registration)
	if err != nil {
		return User{}, err
	}
	ok, err := s.matches(ctx, found.PasswordHash, password)
	if err != nil {
		return User{}, err
	}
	if !ok {
		return User{}, invalidf("password", "This is not the password with which you registered.")
	}
	var user User
	var joined MemberJoined
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if err = tx.UseTicket(ctx, ticket.Hash); err != nil {
			return err
		}
		found.NameKey, found.CreatedAt, found.ConfirmedAt = NameKey(found.Name), s.micros(), s.micros()
		if user, joined, err = enrol(ctx, tx, found.NewUser); err != nil {
			return err
		}
		return tx.DeleteRegistrations(ctx, found.EmailKey)
	})
	if errors.Is(err, ErrDuplicate) || errors.Is(err, ErrNotFound) {
		return User{}, errLinkOver
	}
	if err != nil {
		return User{}, err
	}
	s.events.Publish(joined)
	return user, nil
}
