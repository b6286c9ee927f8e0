package views

import (
	"strconv"
	"time"

	"charla/chat"
)

// minUnreadBar is the number of unread messages from which on a bar leads to the first one. Fewer fit on a screen.
const minUnreadBar = 15

// address returns the URL of the page of the timeline.
func (t Timeline) address() string {
	ref := t.Conversation.Ref()
	switch {
	case !t.Window || len(t.Messages) == 0:
		return MessagesURL(ref)
	case t.Marked > 0:
		return withFirstUnread(MessagesURL(ref)+"&around="+formatInt(t.Marked), t.FirstUnread)
	}
	return MessagesAfterURL(ref, t.Messages[0].Seq-1)
}

// firstUnreadURL returns the URL of the first unread message among the messages around it.
func (t Timeline) firstUnreadURL() string {
	seq := formatInt(t.FirstUnread)
	address := withFirstUnread(MessagesURL(t.Conversation.Ref())+"&around="+seq, t.FirstUnread)
	return address + "#" + messageID(t.FirstUnread)
}

// olderURL returns the URL of the messages before the first one.
func (t Timeline) olderURL() string {
	return withFirstUnread(MessagesBeforeURL(t.Conversation.Ref(), t.Messages[0].Seq), t.FirstUnread)
}

// newerURL returns the URL of the page with the messages after those of the timeline. If the user has read on from the
// first unread message (ReadThrough), the URL says which one that was.
func (t Timeline) newerURL() string {
	address := MessagesAfterURL(t.Conversation.Ref(), t.lastSeq())
	if !t.ReadThrough {
		return address
	}
	return withFirstUnread(address, t.FirstUnread)
}

// lastSeq returns the seq of the last message that the timeline shows. If it shows none, it returns Before-1 or After,
// whichever is larger.
func (t Timeline) lastSeq() int64 {
	if len(t.Messages) == 0 {
		return max(t.Before-1, t.After)
	}
	return t.Messages[len(t.Messages)-1].Seq
}

// readSeq returns the seq of the last message of the timeline if the messages up to it are read when the user sees the
// end of the timeline. Otherwise it returns 0.
func (t Timeline) readSeq() int64 {
	if last := t.lastSeq(); t.ReadThrough && last > t.Conversation.ReadSeq {
		return last
	}
	return 0
}

// showsUnreadBar reports whether more messages are unread than fit on a screen.
func (t Timeline) showsUnreadBar() bool { return t.IsNewest() && t.Unread.Count >= minUnreadBar }

// unreadCountText returns how many messages are new.
func unreadCountText(l Locale, u chat.UnreadPlace) string {
	count := strconv.Itoa(u.Count)
	if u.Count >= chat.MaxUnreadCount {
		count = strconv.Itoa(chat.MaxUnreadCount-1) + "+"
	}
	return l.T("%s new since", count)
}

// isToday reports whether a timestamp is of the current day.
func isToday(l Locale, at chat.Timestamp) bool {
	now := chat.TimestampOf(time.Now())
	return l.localTime(at).Format(time.DateOnly) == l.localTime(now).Format(time.DateOnly)
}

// NoMessagesNotice says that a day, written as in 2026-11-22, has no messages. later tells whether the page shows a
// later day instead.
func NoMessagesNotice(l Locale, day string, later bool) string {
	l.Zone = time.UTC
	date, _ := time.Parse(time.DateOnly, day) // the messages were found by it, so it is valid
	text := l.Date(chat.TimestampOf(date))
	if later {
		return l.T("No messages on %s. These are the next ones.", text)
	}
	return l.T("No messages since %s. These are the last ones.", text)
}
