package chat

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Service is what people can do. The acting person is always an argument; the context carries only deadlines.
type Service struct {
	store  Store
	events Publisher
	zone   *time.Location
	hasher *hasher
	reach  Reach // set before anybody asks
	keys   keyring
	now    func() time.Time

	vault   Vault
	limits  FileLimits
	uploads busy
}

// NewService returns the product over a store. Days are cut in zone. Events are published after they are committed. Files
// need UseVault.
func NewService(store Store, events Publisher, zone *time.Location) *Service {
	return &Service{store: store, events: events, zone: zone, hasher: newHasher(), now: time.Now}
}

func (s *Service) micros() Micros { return At(s.now()) }

// Registration is what a person fills in to join. Spoken is the language of their browser.
type Registration struct{ Name, Email, Password, Locale, Spoken string }

// Register makes an account and lets it join General. It answers Invalid for each bad field, all joined, and Conflict
// when the e-mail is known in any case or Unicode form.
func (s *Service) Register(ctx context.Context, in Registration) (User, error) {
	account, err := s.account(ctx, in)
	if err != nil {
		return User{}, err
	}
	user, joined, err := s.register(ctx, account)
	if errors.Is(err, ErrDuplicate) {
		return User{}, errKnownEmail()
	}
	if err != nil {
		return User{}, err
	}
	s.events.Publish(joined)
	return user, nil
}

// Check answers Invalid for each bad field, all joined. It asks nobody.
func (in Registration) Check() error {
	_, errName := CleanName(in.Name)
	_, _, errEmail := CleanEmail(in.Email)
	return errors.Join(errName, errEmail, checkPassword(in.Password, in.Name, in.Email))
}

// account checks what a person filled in and hashes the password.
func (s *Service) account(ctx context.Context, in Registration) (NewUser, error) {
	if err := in.Check(); err != nil {
		return NewUser{}, err
	}
	name, _ := CleanName(in.Name)
	email, key, _ := CleanEmail(in.Email)
	hash, err := s.hasher.hash(ctx, in.Password)
	return NewUser{Name: name, NameKey: NameKey(name), Email: email, EmailKey: key, PasswordHash: hash, Locale: in.Locale, Spoken: in.Spoken,
		CreatedAt: s.micros()}, err
}

func (s *Service) register(ctx context.Context, account NewUser) (user User, joined MemberJoined, err error) {
	err = s.store.InTx(ctx, func(tx Tx) error {
		user, joined, err = enrol(ctx, tx, account)
		return err
	})
	return user, joined, err
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

var errNoMatch = Errorf(Unauthenticated, "This e-mail and password do not belong together.")

// LogIn returns the person behind an e-mail and password. An unknown e-mail, a wrong password and a disabled person
// get the same Unauthenticated answer after the same work; ErrUnconfirmed is for who knows the password of a registration.
func (s *Service) LogIn(ctx context.Context, email, password string) (User, error) {
	if len(password) > MaxPassword {
		return User{}, errNoMatch
	}
	_, key, _ := CleanEmail(email)
	user, hash, err := s.store.UserByEmail(ctx, key)
	if errors.Is(err, ErrNotFound) && s.reach.Mail {
		var found Waitlisted
		found, err = s.waiting(ctx, email)
		hash = found.PasswordHash
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return User{}, err
	}
	ok, err := s.hasher.matches(ctx, hash, password)
	if err != nil {
		return User{}, err
	}
	if ok && user.ID == 0 {
		return User{}, ErrUnconfirmed
	}
	if !ok || user.DisabledAt > 0 {
		return User{}, errNoMatch
	}
	user.shown = hash
	return user, nil
}

// Themes and Locales are the choices of a person; empty lets the browser decide.
var (
	Themes  = []string{"", "light", "dark"}
	Locales = []string{"", "en", "es"}
)

// Preferences are how a person sees and hears Charla.
type Preferences struct {
	Locale, Theme string
	Sound         bool
}

// SavePreferences keeps how by sees and hears Charla. It answers Invalid for a choice that does not exist.
func (s *Service) SavePreferences(ctx context.Context, by User, p Preferences) error {
	if !slices.Contains(Locales, p.Locale) {
		return invalidf("locale", "Charla does not speak this language.")
	}
	if !slices.Contains(Themes, p.Theme) {
		return invalidf("theme", "There is no such theme.")
	}
	return s.store.InTx(ctx, func(tx Tx) error { return tx.SetPreferences(ctx, by.ID, p) })
}
