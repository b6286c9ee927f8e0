package chat

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"charla/tokenizer"
)

// SearchIndexReader reads what the search index lacks.
type SearchIndexReader interface {
	// UnindexedRooms lists at most limit rooms that have changes which are not indexed yet. Those with the fewest come
	// first.
	UnindexedRooms(ctx context.Context, limit int) ([]RoomProgress, error)
	// MessagesToIndex lists at most limit messages of the given rooms whose seq is greater than Indexed, ordered by
	// room and seq.
	MessagesToIndex(ctx context.Context, rooms []RoomProgress, limit int) ([]Message, error)
	// ChangedToIndex lists at most limit messages that changed since they were indexed, deleted ones too.
	ChangedToIndex(ctx context.Context, limit int) ([]Message, error)
}

// SearchIndexWriter writes the search index. Several nodes may write the same documents.
type SearchIndexWriter interface {
	// InsertDocuments adds messages to the index. It keeps an existing document, which is newer.
	InsertDocuments(ctx context.Context, documents []SearchDocument) error
	// ReplaceDocuments renews the documents of messages that changed, except those that have changed again since.
	ReplaceDocuments(ctx context.Context, documents []SearchDocument) error
	// SetIndexed records how far rooms are indexed. It never lowers the seq of a room.
	SetIndexed(ctx context.Context, rooms []RoomProgress) error
}

// RoomProgress is how far a room is indexed: up to the seq Indexed of LastSeq.
type RoomProgress struct {
	Room    int64 `db:"room_id"`
	Indexed int64 `db:"indexed_seq"`
	LastSeq int64 `db:"last_seq"`
}

// SearchDocument is what the index stores of a message. ChangedSeq is the seq of the change after which the message was
// read. A deleted message has no tokens.
type SearchDocument struct {
	Message    int64
	ChangedSeq int64
	Tokens     []string
}

// maxIndexed is how many messages one transaction adds to the index. On SQLite everybody who posts waits for it.
const maxIndexed = 100

// IndexMessages adds some messages to the search index that are not in it yet, or renews some that changed. It returns
// false if nothing is left to do. Several nodes may call it at the same time. Posting a message does not wait for the
// index; Search reads what the index lacks from the messages.
func (s *Service) IndexMessages(ctx context.Context) (more bool, err error) {
	changed, err := s.store.ChangedToIndex(ctx, maxIndexed)
	if err != nil {
		return false, err
	}
	if len(changed) > 0 {
		documents := newDocuments(changed)
		return true, s.store.InTx(ctx, func(tx Tx) error { return tx.ReplaceDocuments(ctx, documents) })
	}
	rooms, err := s.store.UnindexedRooms(ctx, maxIndexed)
	if err != nil || len(rooms) == 0 {
		return false, err
	}
	messages, err := s.store.MessagesToIndex(ctx, rooms, maxIndexed)
	if err != nil {
		return false, err
	}
	documents, progress := newDocuments(messages), newProgress(rooms, messages)
	return true, s.store.InTx(ctx, func(tx Tx) error {
		if err := tx.InsertDocuments(ctx, documents); err != nil {
			return err
		}
		return tx.SetIndexed(ctx, progress)
	})
}

// newProgress returns how far rooms are indexed after the given messages, which MessagesToIndex returned for them. A
// seq is only assigned while its room is locked, so there is no message before the last one that is not visible yet.
func newProgress(rooms []RoomProgress, messages []Message) (progress []RoomProgress) {
	last := map[int64]int64{}
	for _, m := range messages {
		last[m.Room] = m.Seq
	}
	for _, r := range rooms {
		if len(messages) < maxIndexed || r.Room < messages[len(messages)-1].Room {
			r.Indexed = max(last[r.Room], r.LastSeq)
		} else if seq, ok := last[r.Room]; ok {
			r.Indexed = seq
		} else {
			continue
		}
		progress = append(progress, r)
	}
	return progress
}

func newDocuments(messages []Message) []SearchDocument {
	documents := make([]SearchDocument, len(messages))
	for i, m := range messages {
		documents[i] = SearchDocument{Message: m.ID, ChangedSeq: m.ChangedSeq, Tokens: messageTokens(m)}
	}
	return documents
}

// messageTokens returns the tokens of a message: those of its text, and tokens that make filters faster.
func messageTokens(m Message) []string {
	if !isSearchable(m) {
		return nil
	}
	day := m.PostedAt.Time()
	tokens := append(tokenizer.Tokens(splitMessage(m)),
		roomToken(m.Room), authorToken(m.AuthorID),
		yearToken(day.Year()), monthToken(day.Year(), int(day.Month())),
		dayToken(day.Year(), int(day.Month()), day.Day()))
	for _, kind := range []string{"file", "image", "link"} {
		if messageHas(m, kind) {
			tokens = append(tokens, hasToken(kind))
		}
	}
	return tokens
}

// splitMessage returns the words of a message.
func splitMessage(m Message) []tokenizer.Unit { return tokenizer.Split(m.Body) }

// Tokens for filters. They begin with a character that no word contains.
func roomToken(room int64) string     { return tokenizer.Mark + "r" + strconv.FormatInt(room, 10) }
func authorToken(author int64) string { return tokenizer.Mark + "a" + strconv.FormatInt(author, 10) }
func hasToken(kind string) string     { return tokenizer.Mark + "h" + kind }
func yearToken(year int) string       { return fmt.Sprintf("%sy%04d", tokenizer.Mark, year) }
func monthToken(year, month int) string {
	return fmt.Sprintf("%sm%04d-%02d", tokenizer.Mark, year, month)
}
func dayToken(year, month, day int) string {
	return fmt.Sprintf("%sd%04d-%02d-%02d", tokenizer.Mark, year, month, day)
}

// maxRoomTokens is up to how many rooms the index is asked for. With more, most messages are in one of them.
const maxRoomTokens = 100

// lookups returns what the index must contain for a message to match. now limits the years of messages.
func (p *searchPlan) lookups(now Timestamp) (groups [][]tokenizer.Lookup) {
	for _, t := range p.terms {
		if !t.Negated {
			groups = append(groups, t.lookups()...)
		}
	}
	groups = appendTokens(groups, p.allowed, roomToken)
	if p.authors != nil {
		groups = appendTokens(groups, p.authors, authorToken)
	}
	for kind, want := range p.has {
		if want {
			groups = append(groups, []tokenizer.Lookup{{Token: hasToken(kind)}})
		}
	}
	if p.from > 0 || p.to < endOfTime {
		groups = append(groups, dateLookups(p.from, min(p.to, now+maxFuture)))
	}
	return groups
}

// maxFuture is how far the times of messages may be ahead of the clock of this node.
const maxFuture = 366 * microsecondsPerDay

const microsecondsPerDay = Timestamp(24 * 3600 * 1e6)

func appendTokens(groups [][]tokenizer.Lookup, ids map[int64]bool, token func(int64) string) [][]tokenizer.Lookup {
	if len(ids) > maxRoomTokens {
		return groups
	}
	var group []tokenizer.Lookup
	for id := range ids {
		group = append(group, tokenizer.Lookup{Token: token(id)})
	}
	return append(groups, group)
}

// dateLookups returns tokens of years, months and days in UTC that cover the time from a moment up to another.
func dateLookups(from, to Timestamp) (group []tokenizer.Lookup) {
	end := to.Time()
	for day := from.Time().Truncate(24 * 60 * 60 * 1e9); day.Before(end); {
		year, month, date := day.Date()
		token, next := dayToken(year, int(month), date), day.AddDate(0, 0, 1)
		if monthLater := day.AddDate(0, 1, 0); date == 1 && !monthLater.After(end) {
			token, next = monthToken(year, int(month)), monthLater
		}
		if yearLater := day.AddDate(1, 0, 0); date == 1 && month == 1 && !yearLater.After(end) {
			token, next = yearToken(year), yearLater
		}
		group = append(group, tokenizer.Lookup{Token: token})
		day = next
	}
	return group
}

var whiteSpace = regexp.MustCompile(`\s+`)
