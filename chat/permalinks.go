package chat

import (
	"context"
	"errors"
	"math"
	"slices"
	"sort"
	"time"
)

// PlaceReader finds places in a room. A user who is not a member of the room finds nothing.
type PlaceReader interface {
	// FirstMessageSince returns the place of the first message of a room that was posted at a time or later.
	FirstMessageSince(ctx context.Context, user, room int64, at Timestamp) (Place, error)
	// FirstUnread returns the place of the first message of other people after the user's read marker that is not
	// deleted, and counts these messages up to limit.
	FirstUnread(ctx context.Context, user, room int64, limit int) (UnreadPlace, error)
}

// Place is the position and the time of a message in its room.
type Place struct {
	Seq      int64     `db:"seq"`
	PostedAt Timestamp `db:"posted_at"`
}

// UnreadPlace is the place of the first unread message, and how many messages are unread, counted up to
// MaxUnreadCount. It is zero if nothing is unread.
type UnreadPlace struct {
	Place
	Count int `db:"count"`
}

// MaxUnreadCount is the number at which FirstUnread stops to count.
const MaxUnreadCount = 1000

// FirstUnread returns the place of the first unread message of c. It needs no query if c has no unread messages.
func (s *Service) FirstUnread(ctx context.Context, c Conversation) (UnreadPlace, error) {
	if c.Unread == 0 {
		return UnreadPlace{}, nil
	}
	place, err := s.store.FirstUnread(ctx, c.Viewer, c.Room, MaxUnreadCount)
	if errors.Is(err, ErrNotFound) { // read or deleted meanwhile
		err = nil
	}
	return place, err
}

// MessagesAround returns a page of the messages of c around a seq: half of the limit before it, and half of the limit
// from it on. The limit and ErrNotFound are as in MessagesBefore.
func (s *Service) MessagesAround(ctx context.Context, c Conversation, seq int64, limit int) (MessagePage, error) {
	limit = clampPageSize(limit)
	half := limit / 2
	older, err := s.store.MessagesBefore(ctx, c.Viewer, c.Room, seq, half+1)
	if err != nil {
		return MessagePage{}, err
	}
	newer, err := s.store.MessagesAfter(ctx, c.Viewer, c.Room, seq-1, limit-half+1)
	if err != nil {
		return MessagePage{}, err
	}
	page := MessagePage{HasOlder: len(older) > half}
	if page.HasOlder {
		older = older[1:]
	}
	newer, page.HasNewer = trimToLimit(newer, limit-half)
	page.Messages = slices.Concat(older, newer)
	return page, s.checkMember(ctx, c, page.Messages)
}

// MessagesFrom returns a page of the messages of c whose seq is greater than after, as MessagesAfter does, and also
// sets HasOlder.
func (s *Service) MessagesFrom(ctx context.Context, c Conversation, after int64, limit int) (MessagePage, error) {
	page, err := s.MessagesAfter(ctx, c, after, limit)
	if err != nil || after <= 0 {
		return page, err
	}
	older, err := s.store.MessagesBefore(ctx, c.Viewer, c.Room, min(after, math.MaxInt64-1)+1, 1)
	page.HasOlder = len(older) > 0
	return page, err
}

// MessagesOn returns a page of the messages of c that begins with the first message of a day, and the place of that
// message. The day is written as in 2026-11-22 and begins in the zone of the Service. If nobody posted on that day, the
// page begins with the next day on which somebody did. If there is none, the page has the newest messages, and the
// place is zero. It returns Invalid for a text that is not a date.
func (s *Service) MessagesOn(ctx context.Context, c Conversation, date string, limit int) (MessagePage, Place, error) {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return MessagePage{}, Place{}, invalidf("on", "Enter a date such as 2026-11-22.")
	}
	first, err := s.store.FirstMessageSince(ctx, c.Viewer, c.Room, TimestampOf(dayStart(day, s.zone)))
	if errors.Is(err, ErrNotFound) {
		page, err := s.MessagesBefore(ctx, c, 0, limit)
		return page, Place{}, err
	}
	if err != nil {
		return MessagePage{}, Place{}, err
	}
	page, err := s.MessagesFrom(ctx, c, first.Seq-1, limit)
	return page, first, err
}

// Day returns the day of a time in the zone of the Service, as in 2026-11-22.
func (s *Service) Day(at Timestamp) string { return at.Time().In(s.zone).Format(time.DateOnly) }

// dayStart returns the first second of a day in a time zone. This is not always midnight, because clocks may be set
// forward at that time.
func dayStart(day time.Time, zone *time.Location) time.Time {
	year, month, date := day.Date()
	noon := time.Date(year, month, date, 12, 0, 0, 0, zone)
	const span = 24 * 60 * 60
	seconds := sort.Search(span, func(n int) bool {
		return noon.Add(time.Duration(n-span)*time.Second).Day() == noon.Day()
	})
	return noon.Add(time.Duration(seconds-span) * time.Second)
}
