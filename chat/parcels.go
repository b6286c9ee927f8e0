package chat

import (
	"context"
	"errors"
	"slices"
)

// Waiting is a conversation with unread messages that no letter told of: where, how many, and how the last of them begin.
type Waiting struct {
	Room    int64  `db:"room"`
	Kind    Kind   `db:"kind"`
	Name    string `db:"name"`
	Peer    int64  `db:"peer"`
	LastSeq int64  `db:"last_seq"` // of the last unread message
	Unread  int    `db:"unread"`   // counted up to UnreadCap
	Lines   []Line
}

// Place returns the name of the conversation in links.
func (w Waiting) Place() Place {
	if w.Kind == Channel {
		return Place{Room: w.Room}
	}
	return Place{With: w.Peer}
}

// Line is the beginning of a message.
type Line struct {
	Room     int64  `db:"room_id"`
	Author   string `db:"author"`
	Body     string `db:"body"`  // its first characters, 600 at most
	Files    int    `db:"files"` // how many came with it
	PostedAt Micros `db:"posted_at"`
}

// How much one letter tells.
const (
	maxWaiting = 10 // conversations
	maxLines   = 3  // of each
)

// Parcel is a notice with all that its words need.
type Parcel struct {
	Notice
	To, Name string // the address or topic, and the person
	Lang     string // empty where nobody knows
	Token    string // of the link
	Waiting  []Waiting
	Text     bool // a push says what was written
}

// Presence tells who has a stream open now.
type Presence interface {
	Online(ids ...int64) map[int64]bool
}

// Prepare looks up what a notice tells as things are now. ErrNotFound means that there is nothing to tell any more.
func (s *Service) Prepare(ctx context.Context, n Notice, here Presence) (Parcel, error) {
	switch n.Kind {
	case NoticeConfirm:
		return s.prepareConfirm(ctx, n)
	case NoticeReset:
		return s.prepareReset(ctx, n)
	case NoticeMove:
		return s.prepareMove(ctx, n)
	case NoticePassword, NoticeMoved:
		return s.toPerson(ctx, n)
	case NoticeUnread:
		return s.prepareUnread(ctx, n, here)
	case NoticePush, NoticeTest:
		return s.preparePush(ctx, n, here)
	}
	return Parcel{}, ErrNotFound
}

// toPerson addresses a notice to its person, in their language.
func (s *Service) toPerson(ctx context.Context, n Notice) (Parcel, error) {
	user, err := s.store.User(ctx, n.User)
	if err != nil {
		return Parcel{}, err
	}
	if user.Disabled() {
		return Parcel{}, ErrNotFound
	}
	wishes, err := s.store.Wishes(ctx, n.User)
	p := Parcel{Notice: n, To: n.Address, Name: user.Name, Lang: user.Locale, Text: wishes.PushText}
	if p.To == "" {
		p.To = user.Email
	}
	if p.Lang == "" {
		p.Lang = wishes.Spoken
	}
	return p, err
}

// owner finds whose address it is; zero for nobody's.
func (s *Service) owner(ctx context.Context, key string) (User, error) {
	owner, _, err := s.store.UserByEmail(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return User{}, nil
	}
	return owner, err
}

// tellOwner tells the owner of an address that somebody used it.
func (s *Service) tellOwner(ctx context.Context, n Notice, owner User) (Parcel, error) {
	n.User, n.Kind, n.Address = owner.ID, NoticeKnown, owner.Email
	return s.toPerson(ctx, n)
}

func (s *Service) prepareConfirm(ctx context.Context, n Notice) (Parcel, error) {
	found, err := s.store.Registration(ctx, n.Ref)
	if err != nil {
		return Parcel{}, err
	}
	owner, err := s.owner(ctx, found.EmailKey)
	if err != nil {
		return Parcel{}, err
	}
	if owner.ID != 0 {
		return s.tellOwner(ctx, n, owner)
	}
	expires := found.CreatedAt + confirmWithin
	if expires <= s.micros() {
		return Parcel{}, ErrNotFound
	}
	token, err := s.issue(ctx, n, Ticket{Kind: TicketConfirm, Registration: found.ID, Email: found.Email, ExpiresAt: expires})
	return Parcel{Notice: n, To: found.Email, Lang: found.Spoken, Token: token}, err
}

func (s *Service) prepareReset(ctx context.Context, n Notice) (Parcel, error) {
	_, key, _ := CleanEmail(n.Address)
	user, _, err := s.store.UserByEmail(ctx, key)
	if err != nil {
		return Parcel{}, err
	}
	n.User, n.Address = user.ID, user.Email
	p, err := s.toPerson(ctx, n)
	if err != nil {
		return Parcel{}, err
	}
	if user.Locale == "" {
		p.Lang = n.Locale
	}
	p.Token, err = s.issue(ctx, n, Ticket{Kind: TicketReset, User: user.ID, Email: user.Email, ExpiresAt: s.micros() + resetWithin})
	return p, err
}

func (s *Service) prepareMove(ctx context.Context, n Notice) (Parcel, error) {
	_, key, err := CleanEmail(n.Address)
	if err != nil {
		return Parcel{}, ErrNotFound
	}
	owner, err := s.owner(ctx, key)
	if err != nil {
		return Parcel{}, err
	}
	if owner.ID != 0 && owner.ID != n.User {
		return s.tellOwner(ctx, n, owner)
	}
	p, err := s.toPerson(ctx, n)
	if err != nil {
		return Parcel{}, err
	}
	p.Name = "" // nobody sends words of their own to any address
	p.Token, err = s.issue(ctx, n, Ticket{Kind: TicketMove, User: n.User, Email: n.Address, ExpiresAt: s.micros() + moveWithin})
	return p, err
}

// prepareUnread gathers what is unread, unless the person is here, was here meanwhile, or wants no such letters any more.
func (s *Service) prepareUnread(ctx context.Context, n Notice, here Presence) (Parcel, error) {
	p, err := s.toPerson(ctx, n)
	if err != nil {
		return Parcel{}, err
	}
	wishes, err := s.store.Wishes(ctx, n.User)
	if err != nil {
		return Parcel{}, err
	}
	seen, err := s.store.LastSeen(ctx, n.User)
	if err != nil {
		return Parcel{}, err
	}
	if wishes.Mail == "off" || wishes.ConfirmedAt == 0 || seen > n.Since || here.Online(n.User)[n.User] {
		return Parcel{}, ErrNotFound
	}
	if p.Waiting, err = s.waitingFor(ctx, n.User, 0); err != nil {
		return Parcel{}, err
	}
	p.Token, err = s.unsubscribeToken(ctx, n.User)
	return p, err
}

// preparePush tells of one conversation, unless it was read meanwhile or the person is here.
func (s *Service) preparePush(ctx context.Context, n Notice, here Presence) (Parcel, error) {
	wishes, err := s.store.Wishes(ctx, n.User)
	if err != nil {
		return Parcel{}, err
	}
	if n.Address = wishes.PushTopic; n.Address == "" {
		return Parcel{}, ErrNotFound
	}
	p, err := s.toPerson(ctx, n)
	if err != nil || n.Kind == NoticeTest {
		return p, err
	}
	if here.Online(n.User)[n.User] {
		return Parcel{}, ErrNotFound
	}
	p.Waiting, err = s.waitingFor(ctx, n.User, n.Ref)
	return p, err
}

// waitingFor lists the conversations of a person in which something is unread, or one of them; ErrNotFound for none.
func (s *Service) waitingFor(ctx context.Context, user, room int64) ([]Waiting, error) {
	list, err := s.store.Waiting(ctx, user, room, maxWaiting)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	lines, err := s.store.UnreadLines(ctx, user, room, maxLines)
	for i, w := range list {
		for _, l := range lines {
			if l.Room == w.Room {
				list[i].Lines = append(list[i].Lines, l)
			}
		}
		slices.Reverse(list[i].Lines)
	}
	return list, err
}
