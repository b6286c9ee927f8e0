package chat

import (
	"context"
	"slices"
	"strings"
)

// ReactionReader reads reactions.
type ReactionReader interface {
	// MessagesReactedTo lists messages of a room to which a user reacted.
	MessagesReactedTo(ctx context.Context, user, room int64, limit int) ([]Message, error)
}

// ReactionWriter adds and removes reactions.
type ReactionWriter interface {
	// InsertReaction adds a reaction. The argument seq is the number of this change in the room. It returns
	// ErrDuplicate if the user has already reacted with this emoji.
	InsertReaction(ctx context.Context, message, user int64, emoji string, seq int64) error
	// DeleteReaction removes a user's reaction with one emoji.
	DeleteReaction(ctx context.Context, message, user int64, emoji string) error
	// DeleteReactions removes all reactions to a message.
	DeleteReactions(ctx context.Context, message int64) error
}

// The limits of reactions.
const (
	MaxEmojiPerMessage = 20 // different emoji
	maxEmojiBytes      = 64 // the longest emoji, a kissing couple with two skin tones, takes 35
)

// Reaction is an emoji that a user added to a message.
type Reaction struct {
	Emoji string
	User  UserSummary // id and name only
}

// Reactions are the reactions to a message, oldest first.
type Reactions []Reaction

// ReactionGroup is an emoji and the users who reacted to a message with it.
type ReactionGroup struct {
	Emoji string
	Users []UserSummary
}

// By reports whether a user reacted with the emoji of the group.
func (r ReactionGroup) By(user int64) bool {
	return slices.ContainsFunc(r.Users, func(p UserSummary) bool { return p.ID == user })
}

// By reports whether a user reacted with an emoji.
func (r Reactions) By(user int64, emoji string) bool {
	return slices.ContainsFunc(r, func(one Reaction) bool { return one.Emoji == emoji && one.User.ID == user })
}

// Groups returns the reactions grouped by emoji. The emoji that was used first comes first.
func (r Reactions) Groups() (groups []ReactionGroup) {
	for _, one := range r {
		i := groupIndex(groups, one.Emoji)
		if i < 0 {
			i, groups = len(groups), append(groups, ReactionGroup{Emoji: one.Emoji})
		}
		groups[i].Users = append(groups[i].Users, one.User)
	}
	return groups
}

// groupIndex returns the index of the group for an emoji, or -1 if no group has it.
func groupIndex(groups []ReactionGroup, emoji string) int {
	return slices.IndexFunc(groups, func(r ReactionGroup) bool { return r.Emoji == emoji })
}

// React adds a reaction of the acting user to a message, or removes it if the user has already reacted with this emoji.
// If mine is not nil, React instead adds the reaction if *mine is true and removes it if *mine is false; a client can
// then retry safely, because nothing changes the second time. The emoji must be in its canonical form; React checks
// only that it is a short text. It returns ErrNotFound if the user may not see the message, Invalid for a bad emoji or
// too many different ones, Conflict for a deleted message, and Forbidden if the other user of a direct conversation
// deleted their account.
func (s *Service) React(ctx context.Context, by User, message int64, emoji string, mine *bool) (ChangeResult, error) {
	m, err := s.store.Message(ctx, by.ID, message)
	if err != nil {
		return ChangeResult{}, err
	}
	if emoji == "" || len(emoji) > maxEmojiBytes || !isStorableText(emoji) || strings.ContainsAny(emoji, " \n") {
		return ChangeResult{}, invalidf("emoji", "A reaction must be a single emoji.")
	}
	return s.changeMessage(ctx, by, m, Reacted, func(tx Tx, m *Message) error {
		groups := m.Reactions.Groups()
		i := groupIndex(groups, emoji)
		reacted := i >= 0 && groups[i].By(by.ID)
		switch {
		case mine != nil && *mine == reacted:
			return errUnchanged
		case m.DeletedAt > 0:
			return errMessageDeleted
		case reacted:
			return tx.DeleteReaction(ctx, m.ID, by.ID, emoji)
		case i < 0 && len(groups) >= MaxEmojiPerMessage:
			return invalidf("emoji", "A message can have at most %d different emoji as reactions.", MaxEmojiPerMessage)
		}
		if c, err := tx.ConversationIn(ctx, by.ID, m.Room); err != nil {
			return err
		} else if c.PeerDeleted() {
			return errPeerDeleted
		}
		return tx.InsertReaction(ctx, m.ID, by.ID, emoji, m.ChangedSeq)
	})
}
