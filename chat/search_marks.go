package chat

import (
	"context"
	"slices"
)

// The values of the operator is: what a message can be for the user who searches.
const (
	isPinned  = "pinned"
	isSaved   = "saved"
	isMention = "mention"
)

// messageIs reports whether a message is of a kind, one of the constants above.
func (p *searchPlan) messageIs(m Message, kind string) bool {
	switch kind {
	case isPinned:
		return m.IsPinned()
	case isSaved:
		return p.saved[m.ID]
	}
	return m.MentionsUser(p.reader)
}

// MentionsUser reports whether a message mentions a user by their handle, or notifies everybody in the room with
// @channel or @here and was written by somebody else.
func (m Message) MentionsUser(user int64) bool {
	return m.Notified && m.AuthorID != user ||
		slices.ContainsFunc(m.Mentions, func(mention Mention) bool { return mention.ID == user })
}

// readSaved finds out which of the candidates the user saved, if the query asks for that.
func (s *Service) readSaved(ctx context.Context, by User, p *searchPlan, candidates []int64) error {
	if _, asked := p.is[isSaved]; !asked || len(candidates) == 0 {
		return nil
	}
	saved, err := s.store.SavedAmong(ctx, by.ID, candidates)
	p.saved = map[int64]bool{}
	for _, id := range saved {
		p.saved[id] = true
	}
	return err
}
