package chat

import (
	"context"
	"errors"
	"slices"
	"time"
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
	p.Token, err = s.UnsubscribeToken(ctx, n.User)
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

// How often new messages are looked through, by one node at a time.
const (
	PushEvery = 2 * time.Second
	MailEvery = 20 * time.Second
)

// A look goes back so far that every message before has been committed: longer than a transaction may take and two looks are
// apart. After an hour without a look, such as while mail was off, what came meanwhile is not told.
const (
	lookBack  = Micros(time.Minute / time.Microsecond)
	lookLost  = Micros(time.Hour / time.Microsecond)
	lookKept  = Micros(10 * time.Minute / time.Microsecond)
	maxPushes = 1000 // of one look; the next takes the others
)

// Look is a claim on looking: now, and until when nobody else looks.
type Look struct {
	Road               Road
	Now, Until         Micros
	Back, Kept, Forget Micros // the mark moves on, is renewed, and is lost when older
}

// LookAround finds whom new messages concern who are not here: their letters fall due later, their pushes go into the outbox.
func (s *Service) LookAround(ctx context.Context, road Road, here Presence) error {
	now := s.micros()
	every := PushEvery
	if road == ByMail {
		every = MailEvery
	}
	look := Look{Road: road, Now: now, Until: now + Micros(every/time.Microsecond)/2, Back: now - lookBack, Kept: now - lookKept, Forget: now - lookLost}
	due, err := s.store.LookDue(ctx, look)
	if err != nil || !due {
		return err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		cursor, err := tx.BeginLook(ctx, look)
		if err != nil {
			return err
		}
		if road == ByPush {
			return s.queuePushes(ctx, tx, cursor, now, here)
		}
		if err := tx.RaiseAlerts(ctx, cursor, now, s.morning(now)); err != nil {
			return err
		}
		return tx.QueueAlerts(ctx, now)
	})
	if errors.Is(err, ErrNotFound) { // another node looks
		return nil
	}
	return err
}

func (s *Service) queuePushes(ctx context.Context, tx Tx, cursor int64, now Micros, here Presence) error {
	found, err := tx.Unpushed(ctx, cursor)
	if err != nil {
		return err
	}
	people := make([]int64, len(found))
	for i, u := range found {
		people[i] = u.User
	}
	online := here.Online(people...)
	found = slices.DeleteFunc(found, func(u Unpushed) bool { return online[u.User] })
	if len(found) == 0 {
		return nil
	}
	return tx.QueuePushes(ctx, found[:min(len(found), maxPushes)], now)
}

// Unpushed is a person with a conversation of which a push may tell, and its last message.
type Unpushed struct {
	User int64 `db:"user_id"`
	Room int64 `db:"room_id"`
	Seq  int64 `db:"seq"`
}

// daily is the hour at which who wants one letter a day gets it, in the community's zone.
const daily = 8

// morning is the next time that letters of the day are sent.
func (s *Service) morning(now Micros) Micros {
	t := now.Time().In(s.zone)
	next := time.Date(t.Year(), t.Month(), t.Day(), daily, 0, 0, 0, s.zone)
	if !next.After(t) {
		next = time.Date(t.Year(), t.Month(), t.Day()+1, daily, 0, 0, 0, s.zone)
	}
	return At(next)
}
