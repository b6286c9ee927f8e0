package chat

import (
	"context"
	"errors"
	"slices"

	"charla/markdown"
)

// ChangeResult is a message as a change left it. After is the number of the change before it: who shows the message as of any
// other number has seen more, or has more to catch up with, and must not be given this.
type ChangeResult struct {
	Message     Message
	PreviousSeq int64
}

// errUnchanged rolls back a change that would change nothing, with its number.
var errUnchanged = errors.New("nothing to change")

var errMessageDeleted = Errorf(Conflict, "This message was deleted.")

// CanChange tells whether the person may edit or delete a message: their own.
func (u User) CanChange(m Message) bool { return m.AuthorID == u.ID }

// MessageEdit is what a message shall be. Alts say what some of its files show, by their ids; the others keep what they have, and so does
// the text where KeepText.
type MessageEdit struct {
	Text     string
	KeepText bool
	Alts     map[int64]string
}

// EditMessage gives a message of by another text, or none where it has files, and its files other descriptions. What is the same already
// changes nothing. It answers NotFound for a message that by cannot read and for a file that is not in it, Forbidden for another's, Invalid
// for bad text, and Conflict for a deleted one.
func (s *Service) EditMessage(ctx context.Context, by User, message int64, in MessageEdit) (ChangeResult, error) {
	m, err := s.authoredMessage(ctx, by, message)
	if err != nil {
		return ChangeResult{}, err
	}
	if in, err = in.clean(m.Files); err != nil {
		return ChangeResult{}, err
	}
	html := markdown.Render(in.Text)
	return s.changeMessage(ctx, by, m, Edited, func(tx Tx, m *Message) error {
		if m.DeletedAt > 0 {
			return errMessageDeleted
		}
		if in.KeepText {
			in.Text, html = m.Body, m.HTML
		}
		alts := in.changedAlts(m.Files)
		if m.Body == in.Text && len(alts) == 0 {
			return errUnchanged
		}
		m.Body, m.HTML, m.EditedAt = in.Text, html, s.now()
		return tx.SetFileAlts(ctx, m.ID, alts)
	})
}

// clean is the edit as it will be stored, of a message with some files.
func (in MessageEdit) clean(files Files) (MessageEdit, error) {
	clean, known := cleanBody, files.List()
	if len(known) > 0 {
		clean = cleanOptionalBody
	}
	out := MessageEdit{KeepText: in.KeepText, Alts: map[int64]string{}}
	var err error
	if !in.KeepText {
		out.Text, err = clean(in.Text)
	}
	if err != nil {
		return MessageEdit{}, err
	}
	for id, alt := range in.Alts {
		if !slices.ContainsFunc(known, func(f File) bool { return f.ID == id }) {
			return MessageEdit{}, ErrNotFound
		}
		if out.Alts[id], err = CleanAlt(alt); err != nil {
			return MessageEdit{}, err
		}
	}
	return out, nil
}

// changedAlts are the descriptions that some files do not have yet.
func (in MessageEdit) changedAlts(files Files) map[int64]string {
	alts := map[int64]string{}
	for _, f := range files.List() {
		if alt, told := in.Alts[f.ID]; told && alt != f.Alt {
			alts[f.ID] = alt
		}
	}
	return alts
}

// DeleteMessage takes the text of a message of by away, with its reactions and files, and leaves its line. A deleted one stays as it
// is. It answers NotFound for a message that by cannot read and Forbidden for another's.
func (s *Service) DeleteMessage(ctx context.Context, by User, message int64) (ChangeResult, error) {
	m, err := s.authoredMessage(ctx, by, message)
	if err != nil {
		return ChangeResult{}, err
	}
	var contents []int64
	changed, err := s.changeMessage(ctx, by, m, Deleted, func(tx Tx, m *Message) (err error) {
		if m.DeletedAt > 0 {
			return errUnchanged
		}
		contents, err = s.clearMessage(ctx, tx, m)
		return err
	})
	if err == nil {
		s.releaseBlobs(ctx, contents)
	}
	return changed, err
}

// authoredMessage finds a message that by may change.
func (s *Service) authoredMessage(ctx context.Context, by User, message int64) (Message, error) {
	m, err := s.store.Message(ctx, by.ID, message)
	if err == nil && !by.CanChange(m) {
		err = Errorf(Forbidden, "This is for its author alone.")
	}
	return m, err
}

// changeMessage makes one change of a message and announces it when it is committed.
func (s *Service) changeMessage(ctx context.Context, by User, m Message, what MessageChangeKind, change func(tx Tx, m *Message) error) (ChangeResult, error) {
	c, err := s.store.ConversationIn(ctx, by.ID, m.Room)
	if err != nil {
		return ChangeResult{}, err
	}
	var done ChangeResult
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		done, err = changeMessageTx(ctx, tx, by, m, change)
		return err
	})
	if errors.Is(err, errUnchanged) {
		return done, nil
	}
	if err != nil {
		return ChangeResult{}, err
	}
	s.events.Publish(MessageChanged{StreamKey: c.StreamKey(), Kind: what, Message: done.Message})
	return done, nil
}

// changeMessageTx takes the room's next number, which locks the room, before it looks at the message: as it is then, and if by is
// in the room then. What comes of it is read like by everybody else.
func changeMessageTx(ctx context.Context, tx Tx, by User, m Message, change func(tx Tx, m *Message) error) (ChangeResult, error) {
	seq, err := tx.NextSeq(ctx, m.Room)
	if err != nil {
		return ChangeResult{}, err
	}
	before, err := tx.Message(ctx, by.ID, m.ID)
	if err != nil {
		return ChangeResult{}, err
	}
	after := before
	after.ChangedSeq = seq
	if err = change(tx, &after); err != nil {
		return ChangeResult{Message: before, PreviousSeq: before.ChangedSeq}, err
	}
	if err = tx.UpdateMessage(ctx, after); err != nil {
		return ChangeResult{}, err
	}
	after, err = tx.Message(ctx, by.ID, m.ID)
	return ChangeResult{Message: after, PreviousSeq: before.ChangedSeq}, err
}
