package chat

import (
	"context"
	"errors"
	"slices"
)

// ChangeResult is a message after a change. PreviousSeq is the message's ChangedSeq before the change. A page may
// replace its copy of the message only if that copy has this ChangedSeq. A newer copy would lose a change, and an older
// one still waits for a change that comes by the stream.
type ChangeResult struct {
	Message     Message
	PreviousSeq int64

	inboxes []int64 // the users whose inboxes changed
}

// errUnchanged is returned by a function that was to change a message but found nothing to change. It rolls back the
// transaction, so that no seq is used for the change.
var errUnchanged = errors.New("nothing to change")

var errMessageDeleted = Errorf(Conflict, "This message was deleted.")

// CanChange reports whether u may edit and delete a message. Only its author may.
func (u User) CanChange(m Message) bool { return m.AuthorID == u.ID }

// MessageEdit is the new content of a message.
type MessageEdit struct {
	Text     string
	KeepText bool             // keep the text of the message and ignore Text
	Alts     map[int64]string // new alternative texts, by file id; other files keep theirs
}

// EditMessage changes the text of a message of the acting user and the alternative texts of its files. The text may be
// empty if the message has files. An edit that changes nothing is not recorded. It returns ErrNotFound if the user may
// not see the message or a file is not part of it, Forbidden for a message of somebody else, Invalid for a bad text,
// and Conflict for a deleted message.
func (s *Service) EditMessage(ctx context.Context, by User, message int64, in MessageEdit) (ChangeResult, error) {
	m, err := s.authoredMessage(ctx, by, message)
	if err != nil {
		return ChangeResult{}, err
	}
	if in, err = in.clean(m.Files); err != nil {
		return ChangeResult{}, err
	}
	found, err := s.findMentions(ctx, by, ConversationRef{Room: m.Room}, in.Text, m.Mentions)
	if err != nil {
		return ChangeResult{}, err
	}
	return s.changeMessage(ctx, by, m, Edited, func(tx Tx, m *Message) error {
		if m.DeletedAt > 0 {
			return errMessageDeleted
		}
		if in.KeepText {
			in.Text, found = m.Body, mentions{html: m.HTML, users: m.Mentions, audience: m.Audience}
		}
		alts := in.changedAlts(m.Files)
		if m.Body == in.Text && len(alts) == 0 {
			return errUnchanged
		}
		m.Body, m.HTML, m.EditedAt = in.Text, found.html, s.now()
		m.Mentions, m.Notified = found.users, m.Notified && found.audience == m.Audience
		m.Audience = found.audience
		if err := tx.SetMentions(ctx, m.ID, m.Mentions); err != nil {
			return err
		}
		return tx.SetFileAlts(ctx, m.ID, alts)
	})
}

// clean returns the edit in the form in which it will be stored. It needs the files of the message that is edited.
func (in MessageEdit) clean(files []File) (MessageEdit, error) {
	clean, known := cleanBody, files
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

// changedAlts returns those alternative texts of the edit that differ from the current ones of the files.
func (in MessageEdit) changedAlts(files []File) map[int64]string {
	alts := map[int64]string{}
	for _, f := range files {
		if alt, ok := in.Alts[f.ID]; ok && alt != f.Alt {
			alts[f.ID] = alt
		}
	}
	return alts
}

// DeleteMessage deletes the text, reactions and files of a message of the acting user. What remains is a message that
// is marked as deleted. Deleting it again changes nothing. It returns ErrNotFound if the user may not see the message,
// and Forbidden for a message of somebody else.
func (s *Service) DeleteMessage(ctx context.Context, by User, message int64) (ChangeResult, error) {
	m, err := s.authoredMessage(ctx, by, message)
	if err != nil {
		return ChangeResult{}, err
	}
	var blobs []int64
	result, err := s.changeMessage(ctx, by, m, Deleted, func(tx Tx, m *Message) (err error) {
		if m.DeletedAt > 0 {
			return errUnchanged
		}
		blobs, err = s.clearMessage(ctx, tx, m)
		return err
	})
	if err != nil {
		return ChangeResult{}, err
	}
	s.releaseBlobs(ctx, blobs)
	return result, nil
}

// authoredMessage returns a message of the acting user. It returns ErrNotFound if they may not see it, and Forbidden if
// somebody else wrote it.
func (s *Service) authoredMessage(ctx context.Context, by User, message int64) (Message, error) {
	m, err := s.store.Message(ctx, by.ID, message)
	if err != nil {
		return Message{}, err
	}
	if !by.CanChange(m) {
		return Message{}, Errorf(Forbidden, "Only the author can do this.")
	}
	return m, nil
}

// changeMessage lets the function change alter a message in a transaction, and announces the result after the commit.
// If change returns errUnchanged, changeMessage returns the message as it is.
func (s *Service) changeMessage(
	ctx context.Context, by User, m Message, kind MessageChangeKind, change func(tx Tx, m *Message) error,
) (ChangeResult, error) {
	c, err := s.store.ConversationIn(ctx, by.ID, m.Room)
	if err != nil {
		return ChangeResult{}, err
	}
	var result ChangeResult
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		result, err = s.changeMessageTx(ctx, tx, by, m, change)
		return err
	})
	if errors.Is(err, errUnchanged) {
		return result, nil
	}
	if err != nil {
		return ChangeResult{}, err
	}
	s.events.Publish(MessageChanged{StreamKey: c.StreamKey(), Kind: kind, Message: result.Message})
	s.publishInboxChanged(result.inboxes)
	return result, nil
}

// changeMessageTx does the work of changeMessage inside the transaction. It locks the room before it reads the message,
// so that change gets the current version, and only if the acting user is still a member. After storing the change it
// reads the message again, so that the result equals what other users read.
func (s *Service) changeMessageTx(
	ctx context.Context, tx Tx, by User, m Message, change func(tx Tx, m *Message) error,
) (ChangeResult, error) {
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
	if after, err = tx.Message(ctx, by.ID, m.ID); err != nil {
		return ChangeResult{}, err
	}
	inboxes, err := updateInboxes(ctx, tx, before, after, s.now())
	if err != nil {
		return ChangeResult{}, err
	}
	result := ChangeResult{Message: after, PreviousSeq: before.ChangedSeq, inboxes: inboxes}
	return result, s.enqueueMentionPushes(ctx, tx, before, after)
}
