package chat

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rivo/uniseg"
)

// CommunityReader reads the settings of the community.
type CommunityReader interface {
	// Community returns the settings of the community.
	Community(ctx context.Context) (Community, error)
}

// CommunityWriter changes the settings of the community.
type CommunityWriter interface {
	// LockCommunity locks the settings until the transaction ends and returns them.
	LockCommunity(ctx context.Context) (Community, error)
	// SetCommunity stores the settings.
	SetCommunity(ctx context.Context, c Community) error
}

// RegistrationMode says how people can create an account.
type RegistrationMode string

// The modes of registration: everybody can create an account, only people with an invitation, everybody whom an admin
// approves, or nobody. Invitations work in every mode.
const (
	RegistrationOpen     RegistrationMode = "open"
	RegistrationInvited  RegistrationMode = "invited"
	RegistrationApproval RegistrationMode = "approval"
	RegistrationClosed   RegistrationMode = "closed"
)

// IsOpen reports whether people can register, or apply for an account, without an invitation.
func (m RegistrationMode) IsOpen() bool { return m != RegistrationClosed && m != RegistrationInvited }

// Community is the settings of the community. The fields MayMakeRooms to MayPin contain the lowest role that may do
// something.
type Community struct {
	Name         string           `db:"name"`
	Welcome      string           `db:"welcome"` // plain text for people who sign in; empty for none
	Registration RegistrationMode `db:"registration"`
	EmailDomains string           `db:"email_domains"` // of those who may register, with spaces between; empty for all
	MayMakeRooms Role             `db:"may_make_rooms"`
	MayInvite    Role             `db:"may_invite"` // new people into the community
	MayNotifyAll Role             `db:"may_notify_all"`
	MayPin       Role             `db:"may_pin"`

	RegistrationChosen bool `db:"registration_chosen"` // an admin has chosen who can register
	ChecklistDismissed bool `db:"checklist_dismissed"` // see Checklist
}

// DefaultCommunityName is the name of a community that nobody has named.
const DefaultCommunityName = "Charla"

// defaultCommunity is what a new community has. Migrations store the same values.
var defaultCommunity = Community{
	Name: DefaultCommunityName, Registration: RegistrationOpen,
	MayMakeRooms: RoleMember, MayInvite: RoleAdmin, MayNotifyAll: RoleMember, MayPin: RoleMember,
}

// The values that settings may have, and the largest lengths of texts, in characters.
var (
	registrationModes = []RegistrationMode{
		RegistrationOpen, RegistrationInvited, RegistrationApproval, RegistrationClosed,
	}
	permissionRoles = []Role{RoleMember, RoleModerator, RoleAdmin}
)

const (
	maxWelcome      = 1000
	maxEmailDomains = 1000
)

// communityRefreshInterval is how long a node uses the settings that it has read. A change takes effect on all nodes
// within this time.
const communityRefreshInterval = time.Second

// communityCache keeps the settings that a node has read, so that requests need no query.
type communityCache struct {
	mu      sync.Mutex // held while settings are read or replaced
	current atomic.Pointer[cachedCommunity]
}

// cachedCommunity is the settings of the community and the time at which they were read.
type cachedCommunity struct {
	Community
	readAt time.Time
}

func (c *cachedCommunity) fresh() bool {
	return c != nil && time.Since(c.readAt) < communityRefreshInterval
}

// Community returns the settings of the community. A change on another node appears after at most a second. If the
// database does not answer, Community returns the settings that this node knows.
func (s *Service) Community(ctx context.Context) Community {
	if known := s.community.current.Load(); known.fresh() {
		return known.Community
	}
	s.community.mu.Lock()
	defer s.community.mu.Unlock()
	known := s.community.current.Load()
	if known.fresh() {
		return known.Community
	}
	settings, err := s.store.Community(context.WithoutCancel(ctx))
	if err != nil {
		slog.WarnContext(ctx, "read community settings failed", "error", err)
		settings = defaultCommunity
		if known != nil {
			settings = known.Community
		}
	}
	s.community.current.Store(&cachedCommunity{settings, time.Now()})
	return settings
}

// ChangeCommunity changes the settings of the community with a function and returns the new ones. It returns Invalid
// for values that are not allowed and Forbidden if the acting user is not an admin.
func (s *Service) ChangeCommunity(
	ctx context.Context, by User, change func(*Community),
) (settings Community, err error) {
	err = s.store.InTx(ctx, func(tx Tx) error {
		if _, err := checkInTx(ctx, tx, by.ID, ChangeCommunity); err != nil {
			return err
		}
		if settings, err = tx.LockCommunity(ctx); err != nil {
			return err
		}
		change(&settings)
		if err := settings.clean(); err != nil {
			return err
		}
		return tx.SetCommunity(ctx, settings)
	})
	if err != nil {
		return Community{}, err
	}
	s.community.mu.Lock()
	defer s.community.mu.Unlock()
	s.community.current.Store(nil) // a reader may have stored what it read before the commit
	return settings, nil
}

// clean normalizes the texts of the settings. It returns an Invalid error for each bad field, all joined into one.
func (c *Community) clean() error {
	var errName, errDomains error
	if strings.TrimSpace(c.Name) == "" {
		errName = invalidf("name", "Enter a name for the community.")
	} else {
		c.Name, errName = CleanName(c.Name)
	}
	c.Welcome = strings.TrimSpace(normalizeNewlines(c.Welcome))
	c.EmailDomains, errDomains = cleanEmailDomains(c.EmailDomains)
	return errors.Join(errName, checkWelcome(c.Welcome), errDomains, checkRegistrationMode(c.Registration),
		checkPermissionRole("rooms", c.MayMakeRooms), checkPermissionRole("invites", c.MayInvite),
		checkPermissionRole("notify_all", c.MayNotifyAll), checkPermissionRole("pins", c.MayPin))
}

func checkWelcome(text string) error {
	switch {
	case !isStorableText(text):
		return invalidf("welcome", "This text contains characters that can't be stored.")
	case uniseg.GraphemeClusterCount(text) > maxWelcome:
		return invalidf("welcome", "This text can have at most %d characters.", maxWelcome)
	}
	return nil
}

func checkRegistrationMode(mode RegistrationMode) error {
	if !slices.Contains(registrationModes, mode) {
		return invalidf("registration", "Choose who can register: open, invited, approval or closed.")
	}
	return nil
}

func checkPermissionRole(field string, role Role) error {
	if !slices.Contains(permissionRoles, role) {
		return invalidf(field, "Choose who may do this: member, moderator or admin.")
	}
	return nil
}

// cleanEmailDomains returns the domains in a text, normalized as CleanEmail does and with single spaces between them.
// In the text they may also be separated by commas, and have an @ before them.
func cleanEmailDomains(text string) (string, error) {
	separators := func(r rune) bool { return strings.ContainsRune(" ,;\n\r\t", r) }
	var domains []string
	for _, domain := range strings.FieldsFunc(text, separators) {
		domain = strings.TrimPrefix(domain, "@")
		_, key, err := CleanEmail("a@" + domain)
		if err != nil || strings.Contains(domain, "@") {
			return text, invalidf("domains", "This isn't a valid e-mail domain: %s", truncate(domain, 100))
		}
		domain = strings.TrimPrefix(key, "a@")
		if !slices.Contains(domains, domain) {
			domains = append(domains, domain)
		}
	}
	joined := strings.Join(domains, " ")
	if len(joined) > maxEmailDomains {
		return text, invalidf("domains", "This text can have at most %d characters.", maxEmailDomains)
	}
	return joined, nil
}

// checkEmailDomain returns Invalid if people with an e-mail address of this domain may not register. emailKey is the
// normalized address; see CleanEmail.
func (c Community) checkEmailDomain(emailKey string) error {
	domain := emailKey[strings.LastIndexByte(emailKey, '@')+1:]
	if c.EmailDomains == "" || slices.Contains(strings.Fields(c.EmailDomains), domain) {
		return nil
	}
	return invalidf("email", "Only e-mail addresses at these domains can be used here: %s",
		strings.ReplaceAll(c.EmailDomains, " ", ", "))
}

// ErrRegistrationClosed is returned to people who want to register while registration is closed.
var ErrRegistrationClosed = Errorf(Forbidden, "Registration is closed. Ask an admin of this community for access.")

// ErrInvitationNeeded is returned to people who want to register without an invitation while they need one.
var ErrInvitationNeeded = Errorf(Forbidden,
	"You need an invitation to create an account here. Ask someone in this community for a link.")

// checkRegistration returns ErrRegistrationClosed if nobody can register, and ErrInvitationNeeded if only people with
// an invitation can.
func (c Community) checkRegistration() error {
	switch c.Registration {
	case RegistrationClosed:
		return ErrRegistrationClosed
	case RegistrationInvited:
		return ErrInvitationNeeded
	}
	return nil
}

// checkRegistration returns how a person with this e-mail address may register now, or the error that says why they may
// not. It reads the settings in the transaction that makes the account, so that a closed registration stays closed.
func (s *Service) checkRegistration(ctx context.Context, tx Tx, emailKey string) (RegistrationMode, error) {
	if err := s.checkSetUp(ctx, tx); err != nil {
		return "", err
	}
	settings, err := tx.Community(ctx)
	if err != nil {
		return "", err
	}
	if err := settings.checkRegistration(); err != nil {
		return "", err
	}
	return settings.Registration, settings.checkEmailDomain(emailKey)
}
