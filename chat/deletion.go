package chat

import (
	"context"
	"errors"
)

// Legacy is what a person who deletes their account leaves behind.
type Legacy string

// What was written stays as that of somebody without a name, with their reactions, or goes.
const (
	LeaveWords Legacy = "leave"
	TakeWords  Legacy = "take"
)

// Deleted tells whether u deleted their account: then only a number is left of them, without a name.
func (u User) Deleted() bool { return u.Name == "" }

// IsDeserted tells whether the other person of a direct conversation deleted their account: it can be read, and nothing be
// added to it.
func (c Conversation) IsDeserted() bool { return c.Kind == Direct && c.Name == "" }

var errDeserted = Errorf(Forbidden, "This person deleted their account. Nobody would read it.")

// DeleteAccount takes what by is away: name, address, password, picture, choices, drafts. Their sessions end, their bots are
// disabled, the address is free, and they are in General no more; what they leave in the rooms is seen to by EraseSome. It
// answers Invalid for a wrong password and for no Legacy, Forbidden to a bot, and Conflict for the only admin of others.
func (s *Service) DeleteAccount(ctx context.Context, by User, password string, legacy Legacy) error {
	if by.IsBot() {
		return errOnlyPeople
	}
	if legacy != LeaveWords && legacy != TakeWords {
		return invalidf("words", "Choose what happens to what you wrote.")
	}
	hash, err := s.checkCurrent(ctx, by, password)
	if err != nil {
		return err
	}
	var ended []int64
	var left Event
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		ended, left, err = s.deleteAccount(ctx, tx, by.ID, hash, legacy)
		return err
	})
	if errors.Is(err, ErrNotFound) { // the password was changed, or the account deleted, elsewhere meanwhile
		return errWrongPassword()
	}
	if err != nil {
		return err
	}
	s.announceEnded(ended)
	s.events.Publish(left)
	s.events.Publish(PersonChanged{Person{ID: by.ID}})
	return nil
}

// deleteAccount takes General's number first: its lock lets only one admin at a time ask whether there is another. The person
// is held before anything is asked: until the commit nobody lets them into a room, or shuts out the admin who would stay.
func (s *Service) deleteAccount(ctx context.Context, tx Tx, user int64, hash string, legacy Legacy) (ended []int64, left Event, err error) {
	d := Departure{Room: General, User: user, By: user, At: s.micros(), ForGood: true}
	if d.Seq, err = tx.NextSeq(ctx, General); err != nil {
		return nil, nil, err
	}
	if err = tx.HoldUser(ctx, user); err != nil {
		return nil, nil, err
	}
	if indispensable, err := tx.IsOnlyAdmin(ctx, user); err != nil {
		return nil, nil, err
	} else if indispensable {
		return nil, nil, Errorf(Conflict, "You are the only admin. Make somebody else one first.")
	}
	if err = tx.BeginErasure(ctx, user, General, legacy == TakeWords); err != nil {
		return nil, nil, err
	}
	if err = tx.EraseUser(ctx, user, hash, d.At); err != nil {
		return nil, nil, err
	}
	if ended, err = shutOut(ctx, tx, User{ID: user, DisabledAt: d.At}, d.At); err != nil {
		return nil, nil, err
	}
	return ended, MemberLeft{Topic: Topic{Room: General}, User: user, Seq: d.Seq, ForGood: true}, tx.DeleteMember(ctx, d)
}

// Erasure is what is left to do in a room of somebody who deleted their account.
type Erasure struct {
	User     int64 `db:"user_id"`
	Room     int64 `db:"room_id"`
	Departed bool  `db:"departed"` // the departure for good is noted
	Words    bool  `db:"words"`    // what they wrote goes
	Seq      int64 `db:"seq"`      // up to here it is gone
}

// A step looks at so many numbers of a room for what somebody wrote, and changes at most so many messages: it holds the room,
// and on SQLite every writer, for some milliseconds.
const (
	ownWindow = 10_000
	maxErased = 50
)

// EraseSome takes one step in erasing what people with deleted accounts left in the rooms. Each change takes a number of
// its room and is announced. False means that nothing is left to do. Several nodes may do it at once.
func (s *Service) EraseSome(ctx context.Context) (more bool, err error) {
	e, err := s.store.NextErasure(ctx)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var done step
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		done, err = s.eraseSome(ctx, tx, e.User, e.Room)
		return err
	})
	if errors.Is(err, ErrNotFound) { // another node was quicker
		return true, nil
	}
	if err != nil {
		return false, err
	}
	for _, event := range done.happened {
		s.events.Publish(event)
	}
	s.forget(ctx, done.contents)
	return true, nil
}

// step is what was done at once: what is to be told of it, and the contents of files that are gone.
type step struct {
	happened []Event
	contents []int64
}

// eraseSome holds the room before it looks at what is left.
func (s *Service) eraseSome(ctx context.Context, tx Tx, user, room int64) (step, error) {
	at, last, err := tx.HoldRoom(ctx, room)
	if err != nil {
		return step{}, err
	}
	e, err := tx.Erasure(ctx, user, room)
	switch {
	case err != nil:
		return step{}, err
	case !e.Departed:
		return s.departForGood(ctx, tx, e, at)
	case !e.Words:
		return step{}, tx.EndErasure(ctx, e)
	case e.Seq < last:
		return s.eraseWords(ctx, tx, e, at)
	default:
		return s.eraseReactions(ctx, tx, e, at)
	}
}

// departForGood takes a person out of a room, if they are in it: also where they only were, what they wrote shows another name
// from now on.
func (s *Service) departForGood(ctx context.Context, tx Tx, e Erasure, at Topic) (step, error) {
	seq, err := tx.NextSeq(ctx, e.Room)
	if err != nil {
		return step{}, err
	}
	room, err := tx.Room(ctx, e.User, e.Room)
	if err != nil && !errors.Is(err, ErrNotFound) { // two people have none to own
		return step{}, err
	}
	d := Departure{Room: e.Room, User: e.User, By: e.User, Seq: seq, At: s.micros(), ForGood: true}
	if err = tx.DeleteMember(ctx, d); err == nil && room.OwnerID == e.User {
		err = handOver(ctx, tx, e.Room)
	}
	if err != nil {
		return step{}, err
	}
	e.Departed = true
	return step{happened: []Event{MemberLeft{Topic: at, User: e.User, Seq: seq, ForGood: true}}}, tx.SetErasure(ctx, e)
}

func (s *Service) eraseWords(ctx context.Context, tx Tx, e Erasure, at Topic) (done step, err error) {
	messages, reached, err := written(ctx, tx, e.User, e.Room, e.Seq, maxErased)
	if err != nil {
		return step{}, err
	}
	for _, m := range messages {
		contents, err := s.eraseMessage(ctx, tx, &m)
		if err != nil {
			return step{}, err
		}
		done.contents = append(done.contents, contents...)
		done.happened = append(done.happened, MessageChanged{Topic: at, Message: m})
	}
	e.Seq = reached
	return done, tx.SetErasure(ctx, e)
}

// eraseMessage is a deletion by nobody in particular. It returns the contents that the message had.
func (s *Service) eraseMessage(ctx context.Context, tx Tx, m *Message) (contents []int64, err error) {
	if m.ChangedSeq, err = tx.NextSeq(ctx, m.Room); err == nil {
		contents, err = s.wipe(ctx, tx, m)
	}
	if err == nil {
		err = tx.UpdateMessage(ctx, *m)
	}
	return contents, err
}

// wipe takes away what a message holds, leaves its line, and returns the contents of its files.
func (s *Service) wipe(ctx context.Context, tx Tx, m *Message) (contents []int64, err error) {
	if m.Files != "" {
		if contents, err = tx.DeleteFiles(ctx, m.ID); err != nil {
			return nil, err
		}
	}
	m.Body, m.HTML, m.Files, m.Reactions, m.DeletedAt = "", "", "", "", s.micros()
	return contents, tx.DeleteReactions(ctx, m.ID)
}

func (s *Service) eraseReactions(ctx context.Context, tx Tx, e Erasure, at Topic) (done step, err error) {
	messages, err := tx.ReactedTo(ctx, e.User, e.Room, maxErased)
	if err == nil && len(messages) == 0 {
		err = tx.EndErasure(ctx, e)
	}
	for _, m := range messages {
		if err == nil {
			err = takeReactions(ctx, tx, e.User, &m)
		}
		done.happened = append(done.happened, MessageChanged{Topic: at, What: Reacted, Message: m})
	}
	return done, err
}

// takeReactions takes the reactions of one person off a message.
func takeReactions(ctx context.Context, tx Tx, user int64, m *Message) (err error) {
	for _, r := range m.Reactions.Kinds() {
		if r.By(user) && err == nil {
			err = tx.DeleteReaction(ctx, m.ID, user, r.Emoji)
		}
	}
	if err == nil {
		m.ChangedSeq, err = tx.NextSeq(ctx, m.Room)
	}
	if err == nil {
		err = tx.UpdateMessage(ctx, *m)
	}
	if err == nil {
		*m, _, err = tx.MessageByKey(ctx, m.AuthorID, m.Key)
	}
	return err
}

// written reads up to limit messages of user in a room after a number, less the deleted ones, and how far it looked.
func written(ctx context.Context, r Reader, user, room, after int64, limit int) (messages []Message, reached int64, err error) {
	reached = after + ownWindow
	messages, err = r.MessagesBy(ctx, user, room, after, reached, limit)
	if len(messages) == limit {
		reached = messages[limit-1].Seq
	}
	return messages, reached, err
}
