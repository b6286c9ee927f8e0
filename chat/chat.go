// Package chat is the product: users, rooms and messages, the rules for them, and the events that announce what
// happened. It imports neither HTTP nor SQL. It declares what it needs from other packages as interfaces: Store,
// Publisher and BlobStore.
package chat

import "time"

// Timestamp is a time in microseconds since 1970-01-01 UTC, the unit in which every time is stored. Zero means never.
type Timestamp int64

// TimestampOf returns t as a Timestamp, truncated to microseconds.
func TimestampOf(t time.Time) Timestamp { return Timestamp(t.UnixMicro()) }

// Time returns ts as a time.Time in UTC.
func (ts Timestamp) Time() time.Time { return time.UnixMicro(int64(ts)).UTC() }
