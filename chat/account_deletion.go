package chat

import (
	"context"
	"errors"
)

// AccountDeletionReader reads what remains to be done for deleted accounts.
type AccountDeletionReader interface {
	// IsOnlyAdmin reports whether a user is the only admin of a community that has other members.
	IsOnlyAdmin(ctx context.Context, user int64) (bool, error)
	// NextErasureJob returns any job that is not finished.
	NextErasureJob(ctx context.Context) (ErasureJob, error)
	// ErasureJob returns the job for a user in a room.
	ErasureJob(ctx context.Context, user, room int64) (ErasureJob, error)
}

// AccountDeletionWriter deletes accounts.
type AccountDeletionWriter interface {
	// EraseUser deletes the personal data of a user except their id, with their drafts, emoji, links, notifications and
	// pending files, and disables them. It returns ErrNotFound if their password hash is not hash.
	EraseUser(ctx context.Context, user int64, hash string, at Timestamp) error
	// CreateErasureJobs adds a job for every room that a user is or was a member of. In the room departed the departure
	// has been recorded. The messages are erased if eraseMessages is set, and always in the user's notes to themself.
	CreateErasureJobs(ctx context.Context, user, departed int64, eraseMessages bool) error
	// UpdateErasureJob stores the progress of a job.
	UpdateErasureJob(ctx context.Context, job ErasureJob) error
	// DeleteErasureJob deletes a job that is finished.
	DeleteErasureJob(ctx context.Context, job ErasureJob) error
}

// ContentPolicy is what a person who deletes their account leaves behind.
type ContentPolicy string

// What was written stays as that of somebody without a name, with their reactions, or goes.
const (
	KeepMessages  ContentPolicy = "keep"
	EraseMessages ContentPolicy = "delete"
)

// DeleteAccount takes what by is away: name, address, password, picture, choices, drafts. Their sessions end, their
// bots are disabled, the address is free, and they are in General no more; what they leave in the rooms is seen to by
// RunErasureStep. It answers Invalid for a wrong password and for no Legacy, Forbidden to a bot, and Conflict for the
// only admin of others.
func (s *Service) DeleteAccount(ctx context.Context, by User, password string, legacy ContentPolicy) error {
	if by.IsBot() {
		return errNotForBots
	}
	if legacy != KeepMessages && legacy != EraseMessages {
		return invalidf("messages", "Choose what happens to what you wrote.")
	}
	hash, err := s.verifyPassword(ctx, by, password)
	if err != nil {
		return err
	}
	var ended []int64
	var left Event
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		ended, left, err = s.deleteAccountTx(ctx, tx, by.ID, hash, legacy)
		return err
	})
	if errors.Is(err, ErrNotFound) { // the password was changed, or the account deleted, elsewhere meanwhile
		return errWrongPassword()
	}
	if err != nil {
		return err
	}
	s.publishSessionsEnded(ended)
	s.events.Publish(left)
	s.events.Publish(UserChanged{UserSummary{ID: by.ID}})
	return nil
}

// deleteAccountTx takes General's number first: its lock lets only one admin at a time ask whether there is another.
// The person is held before anything is asked: until the commit nobody lets them into a room, or shuts out the admin
// who would stay.
func (s *Service) deleteAccountTx(ctx context.Context, tx Tx, user int64, hash string, legacy ContentPolicy) (ended []int64, left Event, err error) {
	d := Departure{Room: General, User: user, By: user, At: s.now(), AccountDeleted: true}
	if d.Seq, err = tx.NextSeq(ctx, General); err != nil {
		return nil, nil, err
	}
	if err = tx.LockUser(ctx, user); err != nil {
		return nil, nil, err
	}
	if indispensable, err := tx.IsOnlyAdmin(ctx, user); err != nil {
		return nil, nil, err
	} else if indispensable {
		return nil, nil, Errorf(Conflict, "You are the only admin. Make somebody else one first.")
	}
	if err = tx.CreateErasureJobs(ctx, user, General, legacy == EraseMessages); err != nil {
		return nil, nil, err
	}
	if err = tx.EraseUser(ctx, user, hash, d.At); err != nil {
		return nil, nil, err
	}
	if ended, err = disableUser(ctx, tx, User{ID: user, DisabledAt: d.At}, d.At); err != nil {
		return nil, nil, err
	}
	return ended, MemberLeft{StreamKey: StreamKey{Room: General}, User: user, Seq: d.Seq, AccountDeleted: true}, tx.DeleteMember(ctx, d)
}

// ErasureJob is what is left to do in a room of somebody who deleted their account.
type ErasureJob struct {
	User              int64 `db:"user_id"`
	Room              int64 `db:"room_id"`
	DepartureRecorded bool  `db:"departure_recorded"` // the departure for good is noted
	EraseMessages     bool  `db:"erase_messages"`     // what they wrote goes
	ErasedThrough     int64 `db:"erased_through"`     // up to here it is gone
}

// A step looks at so many numbers of a room for what somebody wrote, and changes at most so many messages: it holds the
// room, and on SQLite every writer, for some milliseconds.
const (
	authoredScanWindow = 10_000
	maxErasedPerStep   = 50
)

// RunErasureStep takes one step in erasing what people with deleted accounts left in the rooms. Each change takes a
// number of its room and is announced. False means that nothing is left to do. Several nodes may do it at once.
func (s *Service) RunErasureStep(ctx context.Context) (more bool, err error) {
	e, err := s.store.NextErasureJob(ctx)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var done stepResult
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		done, err = s.runErasureStepTx(ctx, tx, e.User, e.Room)
		return err
	})
	if errors.Is(err, ErrNotFound) { // another node was quicker
		return true, nil
	}
	if err != nil {
		return false, err
	}
	for _, event := range done.events {
		s.events.Publish(event)
	}
	s.releaseBlobs(ctx, done.blobs)
	return true, nil
}

// stepResult is what was done at once: what is to be told of it, and the contents of files that are gone.
type stepResult struct {
	events []Event
	blobs  []int64
}

// runErasureStepTx holds the room before it looks at what is left.
func (s *Service) runErasureStepTx(ctx context.Context, tx Tx, user, room int64) (stepResult, error) {
	at, last, err := tx.LockRoom(ctx, room)
	if err != nil {
		return stepResult{}, err
	}
	e, err := tx.ErasureJob(ctx, user, room)
	switch {
	case err != nil:
		return stepResult{}, err
	case !e.DepartureRecorded:
		return s.recordAccountDeparture(ctx, tx, e, at)
	case !e.EraseMessages:
		return stepResult{}, tx.DeleteErasureJob(ctx, e)
	case e.ErasedThrough < last:
		return s.eraseMessages(ctx, tx, e, at)
	default:
		return s.eraseReactions(ctx, tx, e, at)
	}
}

// recordAccountDeparture takes a person out of a room, if they are in it: also where they only were, what they wrote
// shows another name from now on.
func (s *Service) recordAccountDeparture(ctx context.Context, tx Tx, e ErasureJob, at StreamKey) (stepResult, error) {
	seq, err := tx.NextSeq(ctx, e.Room)
	if err != nil {
		return stepResult{}, err
	}
	room, err := tx.Room(ctx, e.User, e.Room)
	if err != nil && !errors.Is(err, ErrNotFound) { // two people have none to own
		return stepResult{}, err
	}
	d := Departure{Room: e.Room, User: e.User, By: e.User, Seq: seq, At: s.now(), AccountDeleted: true}
	if err = tx.DeleteMember(ctx, d); err == nil && room.OwnerID == e.User {
		err = transferOwnership(ctx, tx, e.Room)
	}
	if err != nil {
		return stepResult{}, err
	}
	e.DepartureRecorded = true
	return stepResult{events: []Event{MemberLeft{StreamKey: at, User: e.User, Seq: seq, AccountDeleted: true}}}, tx.UpdateErasureJob(ctx, e)
}

func (s *Service) eraseMessages(ctx context.Context, tx Tx, e ErasureJob, at StreamKey) (done stepResult, err error) {
	messages, reached, err := authoredMessages(ctx, tx, e.User, e.Room, e.ErasedThrough, maxErasedPerStep)
	if err != nil {
		return stepResult{}, err
	}
	for _, m := range messages {
		contents, err := s.eraseMessage(ctx, tx, &m)
		if err != nil {
			return stepResult{}, err
		}
		done.blobs = append(done.blobs, contents...)
		done.events = append(done.events, MessageChanged{StreamKey: at, Message: m})
	}
	e.ErasedThrough = reached
	return done, tx.UpdateErasureJob(ctx, e)
}

// eraseMessage is a deletion by nobody in particular. It returns the contents that the message had.
func (s *Service) eraseMessage(ctx context.Context, tx Tx, m *Message) (contents []int64, err error) {
	if m.ChangedSeq, err = tx.NextSeq(ctx, m.Room); err == nil {
		contents, err = s.clearMessage(ctx, tx, m)
	}
	if err == nil {
		err = tx.UpdateMessage(ctx, *m)
	}
	return contents, err
}

// clearMessage takes away what a message holds, leaves its line, and returns the contents of its files.
func (s *Service) clearMessage(ctx context.Context, tx Tx, m *Message) (contents []int64, err error) {
	if len(m.Files) > 0 {
		if contents, err = tx.DeleteMessageFiles(ctx, m.ID); err != nil {
			return nil, err
		}
	}
	m.Body, m.HTML, m.Files, m.Reactions, m.DeletedAt = "", "", nil, nil, s.now()
	return contents, tx.DeleteReactions(ctx, m.ID)
}

func (s *Service) eraseReactions(ctx context.Context, tx Tx, e ErasureJob, at StreamKey) (done stepResult, err error) {
	messages, err := tx.MessagesReactedTo(ctx, e.User, e.Room, maxErasedPerStep)
	if err == nil && len(messages) == 0 {
		err = tx.DeleteErasureJob(ctx, e)
	}
	for _, m := range messages {
		if err == nil {
			err = removeUserReactions(ctx, tx, e.User, &m)
		}
		done.events = append(done.events, MessageChanged{StreamKey: at, Kind: Reacted, Message: m})
	}
	return done, err
}

// removeUserReactions takes the reactions of one person off a message.
func removeUserReactions(ctx context.Context, tx Tx, user int64, m *Message) (err error) {
	for _, r := range m.Reactions.Groups() {
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

// authoredMessages reads up to limit messages of user in a room after a number, less the deleted ones, and how far it
// looked.
func authoredMessages(ctx context.Context, r Reader, user, room, after int64, limit int) (messages []Message, reached int64, err error) {
	reached = after + authoredScanWindow
	messages, err = r.MessagesByAuthor(ctx, user, room, after, reached, limit)
	if len(messages) == limit {
		reached = messages[limit-1].Seq
	}
	return messages, reached, err
}
