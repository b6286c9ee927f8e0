// Package chat is the product: the things people talk about, the rules they follow, and what happens when they act.
// It knows nothing of HTTP, HTML or SQL; what it needs of the outside stands in the interfaces Store and Publisher.
package chat

import "time"

// Timestamp is an instant in microseconds since 1970-01-01 UTC, the unit in which every time is stored. Zero means never.
type Timestamp int64

// Position returns t in microseconds, cutting what is finer.
func TimestampOf(t time.Time) Timestamp { return Timestamp(t.UnixMicro()) }

// Time returns the instant in UTC.
func (m Timestamp) Time() time.Time { return time.UnixMicro(int64(m)).UTC() }

// The first person to register is the community's admin; who makes a room is its owner.
const (
	RoleMember Role = "member"
	RoleAdmin  Role = "admin"
	RoleOwner  Role = "owner"
)

// A browser holds a cookie, a program access tokens and what renews them, a bot one token of long life.
const (
	BrowserSession SessionKind = "browser"
	ProgramSession SessionKind = "program"
	BotSession     SessionKind = "bot"
)

// The kinds of rooms.
const (
	Direct  RoomKind = "direct"
	Channel RoomKind = "channel"
)
