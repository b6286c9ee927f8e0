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
	// PendingRegistrationByEmail returns the latest registration of an e-mail address that was made at or after the
	// time "since".
	PendingRegistrationByEmail(ctx context.Context, emailKey string, since Timestamp) (PendingRegistration, error)
}

// SignupWriter stores registrations whose e-mail address is not confirmed yet.
type SignupWriter interface {
	// InsertPendingRegistration adds a registration and returns its id.
	InsertPendingRegistration(ctx context.Context, p PendingRegistration) (int64, error)
	// DeletePendingRegistrations deletes all registrations of an e-mail address and their e-mail tokens.
	DeletePendingRegistrations(ctx context.Context, emailKey string) error
	// PrunePendingRegistrations deletes registrations that were made before the given time.
	PrunePendingRegistrations(ctx context.Context, before Timestamp) error
}

// Registration is what a user enters to register.
type Registration struct {
	Name, Email, Password string
	Reason                string // why they want to join; only if an admin decides about it
	BrowserLocale         string // the language of their browser
	Invitation            string // the token of the invitation with which they register; empty for none
}

// Check returns an Invalid error for each bad field, all joined into one. It does not look at the database.
func (in Registration) Check() error {
	_, errName := CleanName(in.Name)
	_, _, errEmail := CleanEmail(in.Email)
	return errors.Join(errName, errEmail, checkPassword(in.Password, in.Name, in.Email))
}

// Register creates an account and adds it to General. If an admin decides about registrations, it stores an application
// and returns the zero User. It returns the errors of Check, Conflict if another account has the e-mail address,
// regardless of case and Unicode form, and the errors of CheckRegistration or, with an invitation, those of
// InvitationByToken.
func (s *Service) Register(ctx context.Context, in Registration) (user User, err error) {
	pending, err := s.newRegistration(ctx, in)
	if err != nil {
		return User{}, err
	}
	err = s.inMembershipTx(ctx, func(tx Tx) (events []Event, err error) {
		user, events, err = s.admit(ctx, tx, pending)
		return events, err
	})
	if errors.Is(err, ErrDuplicate) {
		return User{}, errEmailTaken()
	}
	return user, err
}

// admit creates the account of a registration and returns its user and the events to publish. If an admin decides about
// registrations, it stores an application and returns the zero User.
func (s *Service) admit(ctx context.Context, tx Tx, p PendingRegistration) (User, []Event, error) {
	if p.Invitation != 0 {
		user, events, err := s.createInvited(ctx, tx, p.NewUser, p.Invitation)
		if err != nil {
			return User{}, nil, err
		}
		return user, events, tx.DeleteApplications(ctx, p.EmailKey)
	}
	mode, err := s.checkRegistration(ctx, tx, p.EmailKey)
	if err != nil {
		return User{}, nil, err
	}
	if mode == RegistrationApproval {
		return User{}, nil, s.apply(ctx, tx, p)
	}
	user, joined, err := createUser(ctx, tx, p.NewUser)
	if err != nil {
		return User{}, nil, err
	}
	return user, []Event{joined}, tx.DeleteApplications(ctx, p.EmailKey)
}

// newRegistration checks a registration and returns it with its password hashed. Because hashing takes long, it checks
// first whether the person may register at all.
func (s *Service) newRegistration(ctx context.Context, in Registration) (p PendingRegistration, err error) {
	if in.Invitation != "" {
		invitation, err := s.InvitationByToken(ctx, in.Invitation)
		if err != nil {
			return PendingRegistration{}, err
		}
		p.Invitation = invitation.ID
	} else if err := s.CheckRegistration(ctx); err != nil {
		return PendingRegistration{}, err
	}
	var errReason error
	if p.Invitation == 0 && s.Community(ctx).Registration == RegistrationApproval {
		p.Reason, errReason = cleanReason(in.Reason)
	}
	if err := errors.Join(in.Check(), errReason); err != nil {
		return PendingRegistration{}, err
	}
	p.NewUser, err = s.newAccount(ctx, in)
	return p, err
}

func errEmailTaken() *Error {
	return &Error{
		Code: Conflict, Field: "email",
		Format: "There is already an account with this e-mail address. Sign in instead.",
	}
}

// newAccount checks a registration and returns the account to create, with its password hashed.
func (s *Service) newAccount(ctx context.Context, in Registration) (NewUser, error) {
	if err := in.Check(); err != nil {
		return NewUser{}, err
	}
	name, _ := CleanName(in.Name)
	email, key, _ := CleanEmail(in.Email)
	hash, err := s.hasher.hash(ctx, in.Password)
	return NewUser{
		Name: name, NameKey: NameKey(name), Email: email, EmailKey: key, PasswordHash: hash,
		BrowserLocale: in.BrowserLocale, CreatedAt: s.now(),
	}, err
}

// createUser creates an account, gives it a handle, adds it to General, and returns the event to publish after the
// commit. It locks General first, so that only one account at a time can find itself the first.
func createUser(ctx context.Context, tx Tx, account NewUser) (User, MemberJoined, error) {
	seq, err := tx.NextSeq(ctx, General)
	if err != nil {
		return User{}, MemberJoined{}, err
	}
	user, err := tx.InsertUser(ctx, account)
	if err != nil {
		return User{}, MemberJoined{}, err
	}
	if user.Handle, err = assignHandle(ctx, tx, user.Summary(), account.CreatedAt); err != nil {
		return User{}, MemberJoined{}, err
	}
	joined := MemberJoined{StreamKey: StreamKey{Room: General}, User: user.Summary(), Seq: seq}
	return user, joined, tx.InsertMember(ctx, General, user.ID, seq)
}

// confirmationLinkLifetime is how long the link that confirms a registration is valid, and how long the registration is
// kept.
const confirmationLinkLifetime = Timestamp(24 * time.Hour / time.Microsecond)

// PendingRegistration is a registration whose e-mail address is not confirmed yet.
type PendingRegistration struct {
	ID         int64  `db:"id"`
	Invitation int64  `db:"invitation_id"` // with which it was made; zero for none
	Reason     string `db:"reason"`        // why the person wants to join; empty if nobody asked
	NewUser
}

// ErrUnconfirmed is returned for a log-in with the right password before the e-mail address is confirmed.
var ErrUnconfirmed = Errorf(Unauthenticated,
	"Confirm your e-mail address first: open the link in the e-mail that we sent you. It may be in your spam folder.")

// RequestRegistration stores a registration and sends an e-mail with a link that confirms it. It is for servers that
// can send e-mails. It returns the errors of Check, and those of CheckRegistration or, with an invitation, of
// InvitationByToken. If an account already has the address, the result is the same, so that nobody can find out which
// accounts exist; the e-mail then informs the owner of that account.
func (s *Service) RequestRegistration(ctx context.Context, in Registration) error {
	pending, err := s.newRegistration(ctx, in)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		if err := s.checkPending(ctx, tx, pending); err != nil {
			return err
		}
		id, err := tx.InsertPendingRegistration(ctx, pending)
		if err != nil {
			return err
		}
		return s.enqueue(ctx, tx, Notification{Medium: MediumEmail, Kind: NotifyConfirmSignup, SubjectID: id})
	})
}

// checkPending returns nil if a registration can be stored until its e-mail address is confirmed. Whether an invitation
// is used up is decided later, when the account is created.
func (s *Service) checkPending(ctx context.Context, tx Tx, p PendingRegistration) error {
	if p.Invitation == 0 {
		_, err := s.checkRegistration(ctx, tx, p.EmailKey)
		return err
	}
	in, err := tx.Invitation(ctx, p.Invitation, s.now())
	if errors.Is(err, ErrNotFound) {
		return errInvitationEnded
	}
	if err != nil {
		return err
	}
	return checkInvitedDomain(ctx, tx, in, p.EmailKey)
}

// ResendConfirmation sends the e-mail that confirms a registration again, for the latest pending registration of an
// address. It returns ErrNotFound if there is no such registration.
func (s *Service) ResendConfirmation(ctx context.Context, email string) error {
	found, err := s.pendingRegistration(ctx, email)
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		return s.enqueue(ctx, tx, Notification{Medium: MediumEmail, Kind: NotifyConfirmSignup, SubjectID: found.ID})
	})
}

// pendingRegistration returns the latest registration of an address if it can still be confirmed. Otherwise it returns
// ErrNotFound.
func (s *Service) pendingRegistration(ctx context.Context, email string) (PendingRegistration, error) {
	_, key, _ := CleanEmail(email)
	return s.store.PendingRegistrationByEmail(ctx, key, s.now()-confirmationLinkLifetime)
}

// CheckConfirmationLink returns nil if a link that confirms a registration is valid, and errLinkExpired otherwise.
func (s *Service) CheckConfirmationLink(ctx context.Context, token string) error {
	_, err := s.emailToken(ctx, EmailTokenSignup, token)
	return err
}

// ConfirmRegistration creates the account of a registration, or stores an application as Register does. It asks for the
// password that was chosen at registration, because the link alone must not open an account that somebody else
// registered with this address. It returns Invalid for a different password, the errors of CheckRegistration or, with
// an invitation, of InvitationByToken, and errLinkExpired if the link is not valid or another account has taken the
// address.
func (s *Service) ConfirmRegistration(ctx context.Context, token, password string) (user User, err error) {
	link, err := s.emailToken(ctx, EmailTokenSignup, token)
	if err != nil {
		return User{}, err
	}
	found, err := s.store.PendingRegistration(ctx, link.Registration)
	if err != nil {
		return User{}, err
	}
	ok, err := s.passwordMatches(ctx, found.PasswordHash, password)
	if err != nil {
		return User{}, err
	}
	if !ok {
		return User{}, invalidf("password", "This isn't the password that you chose when you signed up.")
	}
	found.NameKey, found.CreatedAt, found.ConfirmedAt = NameKey(found.Name), s.now(), s.now()
	err = s.inMembershipTx(ctx, func(tx Tx) (events []Event, err error) {
		if user, events, err = s.admit(ctx, tx, found); err != nil {
			return nil, err
		}
		if err = tx.UseEmailToken(ctx, link.Hash); err != nil {
			return nil, err
		}
		return events, tx.DeletePendingRegistrations(ctx, found.EmailKey)
	})
	if errors.Is(err, ErrDuplicate) || errors.Is(err, ErrNotFound) {
		return User{}, errLinkExpired
	}
	return user, err
}
