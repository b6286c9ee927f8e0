package chat

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// The limits of reactions.
const (
	MaxKinds = 20 // different emoji on one message
	maxEmoji = 64 // bytes; the longest, two people with skin tones who kiss, takes 35
)

// Reactions are who reacted to a message, and how, in the order in which they did: a line for each with the emoji, the
// id and the name, none of which can hold what separates them. As a string it is compared and copied like the rest of a
// Message.
type Reactions string

// Reaction is one kind of reaction to a message, and who reacted so.
type Reaction struct {
	Emoji  string
	People []Person
}

// By tells whether a person is among those who reacted so.
func (r Reaction) By(user int64) bool {
	return slices.ContainsFunc(r.People, func(p Person) bool { return p.ID == user })
}

// By tells whether a person reacted with an emoji.
func (r Reactions) By(user int64, emoji string) bool {
	kinds := r.Kinds()
	i := kindOf(kinds, emoji)
	return i >= 0 && kinds[i].By(user)
}

// Kinds groups reactions by their emoji, in the order in which each came first.
func (r Reactions) Kinds() (kinds []Reaction) {
	for line := range strings.Lines(string(r)) {
		emoji, who, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		id, name, _ := strings.Cut(who, " ")
		n, _ := strconv.ParseInt(id, 10, 64)
		i := kindOf(kinds, emoji)
		if i < 0 {
			i, kinds = len(kinds), append(kinds, Reaction{Emoji: emoji})
		}
		kinds[i].People = append(kinds[i].People, Person{ID: n, Name: name})
	}
	return kinds
}

func kindOf(kinds []Reaction, emoji string) int {
	return slices.IndexFunc(kinds, func(r Reaction) bool { return r.Emoji == emoji })
}

// React reacts to a message with an emoji in its one form; the same again takes it back. With mine it says what shall be: what is
// so already is left alone and takes no seq, so that who got no answer may ask again. Its caller knows what an emoji is:
// here it is a few bytes of text. It answers NotFound for a message that by cannot read, Invalid for what is no such text and
// for one kind too many, Conflict for a deleted message, and Forbidden where the other person deleted their account.
func (s *Service) React(ctx context.Context, by User, message int64, emoji string, mine *bool) (Changed, error) {
	m, err := s.store.Message(ctx, by.ID, message)
	if err != nil {
		return Changed{}, err
	}
	if emoji == "" || len(emoji) > maxEmoji || !isText(emoji) || strings.ContainsAny(emoji, " \n") {
		return Changed{}, invalidf("emoji", "A reaction is one emoji.")
	}
	return s.alter(ctx, by, m, Reacted, func(tx Tx, m *Message) error {
		kinds := m.Reactions.Kinds()
		i := kindOf(kinds, emoji)
		reacted := i >= 0 && kinds[i].By(by.ID)
		switch {
		case mine != nil && *mine == reacted:
			return errUnchanged
		case m.DeletedAt > 0:
			return errDeleted
		case reacted:
			return tx.DeleteReaction(ctx, m.ID, by.ID, emoji)
		case i < 0 && len(kinds) >= MaxKinds:
			return invalidf("emoji", "A message takes at most %d kinds of reactions.", MaxKinds)
		}
		if c, err := tx.ConversationIn(ctx, by.ID, m.Room); err != nil {
			return err
		} else if c.IsDeserted() {
			return errDeserted
		}
		return tx.InsertReaction(ctx, m.ID, by.ID, emoji, m.ChangedSeq)
	})
}
