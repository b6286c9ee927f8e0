package chat

import "context"

// CompletionReader finds people while somebody writes a mention.
type CompletionReader interface {
	// CompletePeople lists enabled users whom the viewer sees and whose handle, or a word of whose name, begins with
	// nameKey (see NameKey). Members of the conversation come first, and among them those who wrote last.
	CompletePeople(ctx context.Context, viewer int64, c Conversation, nameKey string, limit int) ([]UserSummary, error)
}

// CompletePeople lists at most limit people whom the acting user may want to mention in a conversation: those whose
// handle, or a word of whose name, begins with query. It returns ErrNotFound if the user has no such conversation.
func (s *Service) CompletePeople(
	ctx context.Context, by User, ref ConversationRef, query string, limit int,
) ([]UserSummary, error) {
	if err := checkQuery(query); err != nil {
		return nil, err
	}
	c, err := s.Conversation(ctx, by, ref)
	if err != nil {
		return nil, err
	}
	return s.store.CompletePeople(ctx, by.ID, c, NameKey(query), limit)
}
