package chat

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// ReactionReader reads reactions.
type ReactionReader interface {
	// MessagesReactedTo lists messages of a room that a user reacted to.
	MessagesReactedTo(ctx context.Context, user, room int64, limit int) ([]Message, error)
}

// ReactionWriter adds and removes reactions.
type ReactionWriter interface {
	// InsertReaction adds a reaction with the seq of this change. It returns ErrDuplicate if the user has already
	// reacted with this emoji.
	InsertReaction(ctx context.Context, message, user int64, emoji string, seq int64) error
	// DeleteReaction removes one reaction of a user.
	DeleteReaction(ctx context.Context, message, user int64, emoji string) error
	// DeleteReactions removes all reactions to a message.
	DeleteReactions(ctx context.Context, message int64) error
}

// The limits of reactions.
const (
	MaxEmojiPerMessage = 20 // different emoji on one message
	maxEmojiBytes      = 64 // bytes; the longest, two people with skin tones who kiss, takes 35
)

// Reactions are who reacted to a message, and how, in the order in which they did: a line for each with the emoji, the
// id and the name, none of which can hold what separates them. As a string it is compared and copied like the rest of a
// Message.
type Reactions string

// ReactionGroup is one kind of reaction to a message, and who reacted so.
type ReactionGroup struct {
	Emoji string
	Users []UserSummary
}

// By tells whether a person is among those who reacted so.
func (r ReactionGroup) By(user int64) bool {
	return slices.ContainsFunc(r.Users, func(p UserSummary) bool { return p.ID == user })
}

// By tells whether a person reacted with an emoji.
func (r Reactions) By(user int64, emoji string) bool {
	kinds := r.Groups()
	i := groupIndex(kinds, emoji)
	return i >= 0 && kinds[i].By(user)
}

// Groups groups reactions by their emoji, in the order in which each came first.
func (r Reactions) Groups() (kinds []ReactionGroup) {
	for line := range strings.Lines(string(r)) {
		emoji, who, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		id, name, _ := strings.Cut(who, " ")
		n, _ := strconv.ParseInt(id, 10, 64)
		i := groupIndex(kinds, emoji)
		if i < 0 {
			i, kinds = len(kinds), append(kinds, ReactionGroup{Emoji: emoji})
		}
		kinds[i].Users = append(kinds[i].Users, UserSummary{ID: n, Name: name})
	}
	return kinds
}

func groupIndex(kinds []ReactionGroup, emoji string) int {
	return slices.IndexFunc(kinds, func(r ReactionGroup) bool { return r.Emoji == emoji })
}

// React reacts to a message with an emoji in its one form; the same again takes it back. With mine it says what shall be: what is
// so already is left alone and takes no seq, so that who got no answer may ask again. Its caller knows what an emoji is:
// here it is a few bytes of text. It answers NotFound for a message that by cannot read, Invalid for what is no such text and
// for one kind too many, Conflict for a deleted message, and Forbidden where the other person deleted their account.
func (s *Service) React(ctx context.Context, by User, message int64, emoji string, mine *bool) (ChangeResult, error) {
	m, err := s.store.Message(ctx, by.ID, message)
	if err != nil {
		return ChangeResult{}, err
	}
	if emoji == "" || len(emoji) > maxEmojiBytes || !isStorableText(emoji) || strings.ContainsAny(emoji, " \n") {
		return ChangeResult{}, invalidf("emoji", "A reaction is one emoji.")
	}
	return s.changeMessage(ctx, by, m, Reacted, func(tx Tx, m *Message) error {
		kinds := m.Reactions.Groups()
		i := groupIndex(kinds, emoji)
		reacted := i >= 0 && kinds[i].By(by.ID)
		switch {
		case mine != nil && *mine == reacted:
			return errUnchanged
		case m.DeletedAt > 0:
			return errMessageDeleted
		case reacted:
			return tx.DeleteReaction(ctx, m.ID, by.ID, emoji)
		case i < 0 && len(kinds) >= MaxEmojiPerMessage:
			return invalidf("emoji", "A message takes at most %d kinds of reactions.", MaxEmojiPerMessage)
		}
		if c, err := tx.ConversationIn(ctx, by.ID, m.Room); err != nil {
			return err
		} else if c.PeerDeleted() {
			return errPeerDeleted
		}
		return tx.InsertReaction(ctx, m.ID, by.ID, emoji, m.ChangedSeq)
	})
}
