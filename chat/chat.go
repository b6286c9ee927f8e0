// Package chat is the product: the things people talk about, the rules they follow, and what happens when they act.
// It knows nothing of HTTP, HTML or SQL; what it needs of the outside stands in the interfaces Store and Publisher.
package chat

import "time"

// Micros is an instant in microseconds since 1970-01-01 UTC, the unit in which every time is stored. Zero means never.
type Micros int64

// At returns t in microseconds, cutting what is finer.
func At(t time.Time) Micros { return Micros(t.UnixMicro()) }

// Time returns the instant in UTC.
func (m Micros) Time() time.Time { return time.UnixMicro(int64(m)).UTC() }

// Role is what a person may do beyond talking, in the community or in a room.
type Role string

// The first person to register is the community's admin; who makes a room is its owner.
const (
	RoleMember Role = "member"
	RoleAdmin  Role = "admin"
	RoleOwner  Role = "owner"
)

// User is a registered person. Locale and Theme are empty where the browser decides.
type User struct {
	ID         int64  `db:"id"`
	Name       string `db:"name"`
	Email      string `db:"email"`
	Locale     string `db:"locale"`
	Theme      string `db:"theme"`
	Role       Role   `db:"role"`
	DisabledAt Micros `db:"disabled_at"`
	OwnerID    int64  `db:"owner_id"` // whose bot it is; 0 for a person
	Avatar     int64  `db:"avatar"`   // the file that is their picture; 0 for none
	Sound      bool   `db:"sound"`    // tells of messages that come unseen

	shown string // the stored hash of the password with which they have just logged in
}

// Person is what others see of a user.
type Person struct {
	ID     int64  `db:"id"`
	Name   string `db:"name"`
	Avatar int64  `db:"avatar"` // the file that is their picture; 0 for none, or where it is not known
	Bot    bool   `db:"bot"`
}

// Person returns the public part of u.
func (u User) Person() Person { return Person{u.ID, u.Name, u.Avatar, u.IsBot()} }

// IsBot tells whether u is a program that a person made.
func (u User) IsBot() bool { return u.OwnerID != 0 }

// SessionKind tells what a session is held by.
type SessionKind string

// A browser holds a cookie, a program access tokens and what renews them, a bot one token of long life.
const (
	Browser  SessionKind = "browser"
	Program  SessionKind = "program"
	BotToken SessionKind = "bot"
)

// Session is one signed-in browser or program. The token itself is never stored, only its hash.
type Session struct {
	ID        int64       `db:"id"`
	UserID    int64       `db:"user_id"`
	Kind      SessionKind `db:"kind"`
	CreatedAt Micros      `db:"created_at"`
	SeenAt    Micros      `db:"seen_at"`
	ExpiresAt Micros      `db:"expires_at"`
	UserAgent string      `db:"user_agent"`
	IP        string      `db:"ip"`
}

// Kind tells a direct conversation of two people from a channel of many.
type Kind string

// The kinds of rooms.
const (
	Direct  Kind = "direct"
	Channel Kind = "channel"
)

// General is the id of the channel that everybody joins at registration. The first migration makes it.
const General int64 = 1

// Topic is what a stream listens to. A channel is known by its room; a direct conversation by its pair of people, low id
// first, because its room exists only after the first message. The zero Topic is no conversation at all.
type Topic struct{ Room, Low, High int64 }

// Place is how a request names a conversation: by the person at the other end, or by the room. Exactly one is set.
type Place struct{ With, Room int64 }

// Conversation is a room as one of its members sees it. Room is zero where a direct conversation has no message yet.
type Conversation struct {
	Room    int64  `db:"room"`
	Kind    Kind   `db:"kind"`
	Name    string `db:"name"` // a channel's own name, a direct conversation's other person
	LastSeq int64  `db:"last_seq"`
	ReadSeq int64  `db:"read_seq"`
	Access  Access `db:"access"`
	Role    Role   `db:"role"`   // of Me in the room
	Unread  int    `db:"unread"` // counted up to UnreadCap
	Me      int64  `db:"me"`
	Peer    int64  `db:"peer"`   // the other person; Me in one's own notes; zero in a channel
	Draft   bool   `db:"draft"`  // Me has begun to write here
	Avatar  int64  `db:"avatar"` // the picture of Peer, or 0
	Bot     bool   `db:"bot"`    // Peer is one
}

// UnreadCap bounds the counting of unread messages; a page shows one less with a plus.
const UnreadCap = 100

// Topic returns what streams of this conversation listen to.
func (c Conversation) Topic() Topic {
	if c.Kind == Channel {
		return Topic{Room: c.Room}
	}
	return Topic{Low: min(c.Me, c.Peer), High: max(c.Me, c.Peer)}
}

// Place returns the name of the conversation in links.
func (c Conversation) Place() Place {
	if c.Kind == Channel {
		return Place{Room: c.Room}
	}
	return Place{With: c.Peer}
}

// Message is one message as of its last change. It keeps the Seq it was posted with: its place in the room for ever.
// ChangedSeq is the seq of its last change and equals Seq at first. A deleted message is a tombstone without text.
type Message struct {
	ID         int64  `db:"id"`
	Room       int64  `db:"room_id"`
	Seq        int64  `db:"seq"`
	ChangedSeq int64  `db:"changed_seq"`
	AuthorID   int64  `db:"author_id"`
	AuthorName string `db:"author_name"`
	AuthorBot  bool   `db:"author_bot"`
	Key        string `db:"key"`
	Body       string `db:"body"`
	HTML       string `db:"html"`
	PostedAt   Micros `db:"posted_at"`
	EditedAt   Micros `db:"edited_at"`
	DeletedAt  Micros `db:"deleted_at"`
	Leads      bool   `db:"leads"`     // the first of a group of lines by one author
	OpensDay   bool   `db:"opens_day"` // the first of a day in the community's zone

	Reactions Reactions `db:"reactions"`
	Files     Files     `db:"files"`

	AuthorAvatar int64 `db:"author_avatar"` // the file that is their picture; 0 for none
}

// Turn is what a message is given by its room: its number, the LastSeq of a Conversation in which nothing is counted; when
// it counts as posted, before the one that it follows only if a clock was set back by more than a quarter of an hour; and whom it
// follows, zero for the first of a room.
type Turn struct {
	Conversation
	PostedAt       Micros `db:"last_at"`
	PreviousAuthor int64  `db:"previous_author"`
	PreviousAt     Micros `db:"previous_at"`
}

// groupWithin is how close the lines of one author stand together to form a group.
const groupWithin = Micros(5 * time.Minute / time.Microsecond)

// take puts m in its turn, and decides how it stands to the message before it: whether it opens a day, cut in zone, and
// whether it leads a group.
func (m *Message) take(t Turn, zone *time.Location) {
	m.Room, m.Seq, m.ChangedSeq, m.PostedAt = t.Room, t.LastSeq, t.LastSeq, t.PostedAt
	day := func(at Micros) int { d := at.Time().In(zone); return d.Year()*366 + d.YearDay() }
	m.OpensDay = t.PreviousAuthor == 0 || day(t.PreviousAt) != day(m.PostedAt)
	m.Leads = m.OpensDay || t.PreviousAuthor != m.AuthorID || m.PostedAt-t.PreviousAt > groupWithin || m.PostedAt < t.PreviousAt
}

// History is a window on a conversation: messages in order of seq. Older tells of a window before a seq that there are
// older ones, Newer of one after a seq that there are newer ones.
type History struct {
	Messages     []Message
	Older, Newer bool
}

// Changes is what happened in a room after a cursor, read in one snapshot in which LastSeq was the room's last seq.
type Changes struct {
	LastSeq  int64
	Replaced []Message   // messages at or before the cursor that changed after it
	Added    []Message   // messages after the cursor, in order of seq, in their present state
	Left     []Departure // who left the room after the cursor, in order of seq
	Partial  bool        // there was more than the limit, or other lines changed too; the lists of messages are not to be used
}

// SplitChanges sorts messages that changed after the cursor into replaced and added ones.
func SplitChanges(cursor, lastSeq int64, messages []Message) Changes {
	c := Changes{LastSeq: lastSeq}
	for _, m := range messages {
		if m.Seq > cursor {
			c.Added = append(c.Added, m)
		} else {
			c.Replaced = append(c.Replaced, m)
		}
	}
	return c
}
