package chat

import (
	"context"
	"errors"
)

// AccountDeletionReader reads the work that remains for deleted accounts.
type AccountDeletionReader interface {
	// NeedsSuccessor reports whether a user is the owner of a community that has other people.
	NeedsSuccessor(ctx context.Context, user int64) (bool, error)
	// OldestAdmin returns the id of the enabled admin who registered first.
	OldestAdmin(ctx context.Context) (int64, error)
	// NextErasureJob returns any erasure job that is not finished.
	NextErasureJob(ctx context.Context) (ErasureJob, error)
	// ErasureJob returns the erasure job of a user in a room.
	ErasureJob(ctx context.Context, user, room int64) (ErasureJob, error)
	// AllBots lists the ids of a user's bots, including disabled ones, but not those that EraseUser erased.
	AllBots(ctx context.Context, owner int64) ([]int64, error)
}

// AccountDeletionWriter deletes accounts.
type AccountDeletionWriter interface {
	// EraseUser disables a user and deletes their personal data, drafts, used emoji, e-mail links, notifications,
	// pending registrations and pending files. An account row with nothing but its id remains. It returns the blobs of
	// the deleted files. It returns ErrNotFound if hash is not the stored password hash, because another request has
	// changed the password.
	EraseUser(ctx context.Context, user int64, hash string, at Timestamp) (blobs []int64, err error)
	// CreateErasureJobs adds an erasure job for each room that a user is or was a member of. If eraseMessages is set,
	// the jobs erase the user's messages; the job for the user's notes to themself always does. The parameter departed
	// is the id of the room that the caller removes the user from; its job does not record the departure again.
	CreateErasureJobs(ctx context.Context, user, departed int64, eraseMessages bool) error
	// UpdateErasureJob stores the progress of a job.
	UpdateErasureJob(ctx context.Context, job ErasureJob) error
	// DeleteErasureJob deletes a finished job.
	DeleteErasureJob(ctx context.Context, job ErasureJob) error
}

// ContentPolicy says what happens to the messages and reactions of a user who deletes their account.
type ContentPolicy string

// The policies: messages and reactions either stay without the name of the user, or are erased.
const (
	KeepMessages  ContentPolicy = "keep"
	EraseMessages ContentPolicy = "delete"
)

// DeleteAccount deletes the personal data of the acting user: name, e-mail address, password, avatar, settings and
// drafts. Their sessions end, their bots are disabled, and they leave General. RunErasureStep does the rest in the
// background: it records their departure from all other rooms and, if the policy asks for it, erases their messages and
// reactions. With EraseMessages it deletes their bots, too, in the same way. It returns Invalid for a wrong password or
// policy, Forbidden for a bot, and Conflict if the user is the owner of the community and there are other users, but no
// admin who could become the owner.
func (s *Service) DeleteAccount(ctx context.Context, by User, password string, policy ContentPolicy) error {
	if by.IsBot() {
		return errNotForBots
	}
	if policy != KeepMessages && policy != EraseMessages {
		return invalidf("messages", "The value must be keep or delete.")
	}
	hash, err := s.verifyPassword(ctx, by, password)
	if err != nil {
		return err
	}
	var result accountDeletion
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		result, err = s.deleteAccountTx(ctx, tx, by.ID, hash, policy)
		return err
	})
	if errors.Is(err, ErrNotFound) { // another request changed the password or deleted the account in the meantime
		return errWrongPassword()
	}
	if err != nil {
		return err
	}
	s.publishSessionsEnded(result.ended)
	s.events.Publish(result.left)
	for _, user := range append(result.bots, by.ID) {
		s.events.Publish(UserChanged{UserSummary{ID: user}})
	}
	s.releaseBlobs(ctx, result.blobs)
	return nil
}

// accountDeletion is the result of deleteAccountTx: the sessions that ended, the event that announces leaving General,
// the deleted bots, and the blobs of deleted files.
type accountDeletion struct {
	ended, bots, blobs []int64
	left               Event
}

// deleteAccountTx deletes an account in one transaction. It locks General first, so that nobody can register before the
// commit: otherwise an owner who was alone might leave a community without an owner. Then it locks the user, so that
// nobody can add them to a room or make them the owner before the commit.
func (s *Service) deleteAccountTx(
	ctx context.Context, tx Tx, user int64, hash string, policy ContentPolicy,
) (result accountDeletion, err error) {
	d := Departure{Room: General, User: user, By: user, At: s.now(), AccountDeleted: true}
	if d.Seq, err = tx.NextSeq(ctx, General); err != nil {
		return accountDeletion{}, err
	}
	if err = tx.LockUser(ctx, user); err != nil {
		return accountDeletion{}, err
	}
	successor, err := lockSuccessor(ctx, tx, user)
	if err != nil {
		return accountDeletion{}, err
	}
	if err = tx.CreateErasureJobs(ctx, user, General, policy == EraseMessages); err != nil {
		return accountDeletion{}, err
	}
	if err = freeHandle(ctx, tx, user, d.At); err != nil {
		return accountDeletion{}, err
	}
	if result.blobs, err = tx.EraseUser(ctx, user, hash, d.At); err != nil {
		return accountDeletion{}, err
	}
	if result.ended, err = disableUser(ctx, tx, User{ID: user, DisabledAt: d.At}, d.At); err != nil {
		return accountDeletion{}, err
	}
	if policy == EraseMessages {
		if err = eraseBots(ctx, tx, user, d.At, &result); err != nil {
			return accountDeletion{}, err
		}
	}
	if successor != 0 {
		if err = tx.SetRole(ctx, successor, RoleOwner, d.At); err != nil {
			return accountDeletion{}, err
		}
	}
	result.left = MemberLeft{StreamKey: StreamKey{Room: General}, User: user, Seq: d.Seq, AccountDeleted: true}
	return result, tx.DeleteMember(ctx, d)
}

// eraseBots deletes the bots of a user as accounts, with all their messages, and adds them to result. The caller has
// disabled them.
func eraseBots(ctx context.Context, tx Tx, owner int64, now Timestamp, result *accountDeletion) error {
	bots, err := tx.AllBots(ctx, owner)
	if err != nil {
		return err
	}
	for _, bot := range bots {
		if err := tx.CreateErasureJobs(ctx, bot, 0, true); err != nil {
			return err
		}
		if err := freeHandle(ctx, tx, bot, now); err != nil {
			return err
		}
		blobs, err := tx.EraseUser(ctx, bot, noPassword, now)
		if err != nil {
			return err
		}
		result.blobs = append(result.blobs, blobs...)
	}
	result.bots = bots
	return nil
}

// noPassword is stored as the password hash of bots, which cannot sign in with a password.
const noPassword = ""

// lockSuccessor returns the admin who becomes the owner of the community when a user deletes their account, and locks
// them. It returns zero if the user is not the owner, or if there are no other people. It returns Conflict if there are
// other people, but no admin among them.
func lockSuccessor(ctx context.Context, tx Tx, user int64) (successor int64, err error) {
	needsSuccessor, err := tx.NeedsSuccessor(ctx, user)
	if err != nil || !needsSuccessor {
		return 0, err
	}
	noAdmin := Errorf(Conflict, "You're the only admin. Make someone else an admin first.")
	successor, err = tx.OldestAdmin(ctx)
	if errors.Is(err, ErrNotFound) {
		return 0, noAdmin
	}
	if err != nil {
		return 0, err
	}
	locked, err := lockUser(ctx, tx, successor)
	if errors.Is(err, ErrNotFound) || err == nil && locked.Role != RoleAdmin { // changed before the lock
		return 0, noAdmin
	}
	return successor, err
}

// ErasureJob is the work that remains in one room after a user deleted their account.
type ErasureJob struct {
	User              int64 `db:"user_id"`
	Room              int64 `db:"room_id"`
	DepartureRecorded bool  `db:"departure_recorded"` // the departure is recorded
	EraseMessages     bool  `db:"erase_messages"`     // messages and reactions are erased too
	ErasedThrough     int64 `db:"erased_through"`     // messages up to this seq are erased
}

// maxErasedPerStep is how many messages one erasure step changes at most. A step locks the room, and on SQLite every
// writer, for some milliseconds.
const maxErasedPerStep = 50

// erasureResult is the result of one erasure step: the events to publish after the commit, and the blobs of deleted
// files.
type erasureResult struct {
	events []Event
	blobs  []int64
}

// RunErasureStep does a small part of the work that remains for deleted accounts: in one transaction it records a
// departure from a room, or erases some messages or reactions. Every change is announced by an event. It returns false
// if nothing is left to do. Several nodes may call it at the same time.
func (s *Service) RunErasureStep(ctx context.Context) (more bool, err error) {
	job, err := s.store.NextErasureJob(ctx)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var result erasureResult
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		result, err = s.runErasureStepTx(ctx, tx, job.User, job.Room)
		return err
	})
	if errors.Is(err, ErrNotFound) { // another node finished the job
		return true, nil
	}
	if err != nil {
		return false, err
	}
	for _, event := range result.events {
		s.events.Publish(event)
	}
	s.releaseBlobs(ctx, result.blobs)
	return true, nil
}

// runErasureStepTx does the next step of a user's job in a room. It locks the room before it reads the job, so that two
// nodes do not do the same step.
func (s *Service) runErasureStepTx(ctx context.Context, tx Tx, user, room int64) (erasureResult, error) {
	key, lastSeq, err := tx.LockRoom(ctx, room)
	if err != nil {
		return erasureResult{}, err
	}
	job, err := tx.ErasureJob(ctx, user, room)
	switch {
	case err != nil:
		return erasureResult{}, err
	case !job.DepartureRecorded:
		return s.recordAccountDeparture(ctx, tx, job, key)
	case !job.EraseMessages:
		return erasureResult{}, tx.DeleteErasureJob(ctx, job)
	case job.ErasedThrough < lastSeq:
		return s.eraseMessages(ctx, tx, job, key)
	default:
		return s.eraseReactions(ctx, tx, job, key)
	}
}

// recordAccountDeparture removes a user from a room. If they had left the room before, it still records and announces a
// departure, because their messages there lose the author's name now.
func (s *Service) recordAccountDeparture(
	ctx context.Context, tx Tx, job ErasureJob, key StreamKey,
) (erasureResult, error) {
	seq, err := tx.NextSeq(ctx, job.Room)
	if err != nil {
		return erasureResult{}, err
	}
	room, err := tx.Room(ctx, job.User, job.Room)
	if err != nil && !errors.Is(err, ErrNotFound) { // direct conversations are not found, and have no owner
		return erasureResult{}, err
	}
	d := Departure{Room: job.Room, User: job.User, By: job.User, Seq: seq, At: s.now(), AccountDeleted: true}
	if err := tx.DeleteMember(ctx, d); err != nil {
		return erasureResult{}, err
	}
	if room.OwnerID == job.User {
		if err := transferOwnership(ctx, tx, job.Room); err != nil {
			return erasureResult{}, err
		}
	}
	job.DepartureRecorded = true
	left := MemberLeft{StreamKey: key, User: job.User, Seq: seq, AccountDeleted: true}
	return erasureResult{events: []Event{left}}, tx.UpdateErasureJob(ctx, job)
}

// eraseMessages deletes the user's next messages in the room, at most maxErasedPerStep, and stores in the job how far
// it got.
func (s *Service) eraseMessages(
	ctx context.Context, tx Tx, job ErasureJob, key StreamKey,
) (result erasureResult, err error) {
	messages, scannedTo, err := authoredMessages(ctx, tx, job.User, job.Room, job.ErasedThrough, maxErasedPerStep)
	if err != nil {
		return erasureResult{}, err
	}
	for _, m := range messages {
		blobs, err := s.eraseMessage(ctx, tx, &m)
		if err != nil {
			return erasureResult{}, err
		}
		result.blobs = append(result.blobs, blobs...)
		result.events = append(result.events, MessageChanged{StreamKey: key, Message: m})
	}
	job.ErasedThrough = scannedTo
	return result, tx.UpdateErasureJob(ctx, job)
}

// eraseMessage deletes one message, as DeleteMessage does for its author, and returns the blobs of the message's files.
func (s *Service) eraseMessage(ctx context.Context, tx Tx, m *Message) (blobs []int64, err error) {
	if m.ChangedSeq, err = tx.NextSeq(ctx, m.Room); err != nil {
		return nil, err
	}
	if blobs, err = s.clearMessage(ctx, tx, m); err != nil {
		return nil, err
	}
	if _, err = tx.DeleteInboxItems(ctx, m.ID, ""); err != nil {
		return nil, err
	}
	return blobs, tx.UpdateMessage(ctx, *m)
}

// clearMessage removes the text, files, reactions, pin and saves of a message and marks the message as deleted. It
// returns the blobs of the removed files.
func (s *Service) clearMessage(ctx context.Context, tx Tx, m *Message) (blobs []int64, err error) {
	if len(m.Files) > 0 {
		if blobs, err = tx.DeleteMessageFiles(ctx, m.ID); err != nil {
			return nil, err
		}
	}
	if len(m.Mentions) > 0 {
		if err = tx.SetMentions(ctx, m.ID, nil); err != nil {
			return nil, err
		}
	}
	m.Body, m.HTML, m.Files, m.Reactions, m.DeletedAt = "", "", nil, nil, s.now()
	m.Mentions, m.Audience, m.Notified = nil, AudienceNone, false
	if m.IsPinned() {
		if err = tx.DeletePin(ctx, m.ID); err != nil {
			return nil, err
		}
		m.Pin = Pin{}
	}
	if err = tx.DeleteSaves(ctx, m.ID); err != nil {
		return nil, err
	}
	return blobs, tx.DeleteReactions(ctx, m.ID)
}

// eraseReactions removes the user's reactions to the next messages in the room, at most maxErasedPerStep. If no
// reactions are left, it deletes the job.
func (s *Service) eraseReactions(
	ctx context.Context, tx Tx, job ErasureJob, key StreamKey,
) (result erasureResult, err error) {
	messages, err := tx.MessagesReactedTo(ctx, job.User, job.Room, maxErasedPerStep)
	if err != nil {
		return erasureResult{}, err
	}
	if len(messages) == 0 {
		return erasureResult{}, tx.DeleteErasureJob(ctx, job)
	}
	for _, m := range messages {
		author, err := removeUserReactions(ctx, tx, job.User, &m)
		if err != nil {
			return erasureResult{}, err
		}
		result.events = append(result.events, MessageChanged{StreamKey: key, Kind: Reacted, Message: m})
		if len(author) > 0 {
			result.events = append(result.events, InboxChanged{author})
		}
	}
	return result, nil
}

// removeUserReactions removes the reactions of one user to a message, and reads the message again. It returns the
// author of the message if that changes their inbox.
func removeUserReactions(ctx context.Context, tx Tx, user int64, m *Message) (author []int64, err error) {
	before := *m
	for _, group := range m.Reactions.Groups() {
		if !group.By(user) {
			continue
		}
		if err := tx.DeleteReaction(ctx, m.ID, user, group.Emoji); err != nil {
			return nil, err
		}
	}
	if m.ChangedSeq, err = tx.NextSeq(ctx, m.Room); err != nil {
		return nil, err
	}
	if err = tx.UpdateMessage(ctx, *m); err != nil {
		return nil, err
	}
	if *m, _, err = tx.MessageByKey(ctx, m.AuthorID, m.Key); err != nil {
		return nil, err
	}
	return updateReactionItem(ctx, tx, before, *m, m.PostedAt)
}
