package chat

import "context"

// DigestReader reports whether new messages must be scanned for notifications. Each medium has its own cursor: the id
// of the message after which its scan starts.
type DigestReader interface {
	// ScanDue reports whether a scan has something to do: new messages, a cursor to move forward, or digests that are
	// due.
	ScanDue(ctx context.Context, claim ScanClaim) (bool, error)
}

// DigestWriter scans new messages for notifications about unread conversations.
type DigestWriter interface {
	// ClaimScan claims a scan and returns its cursor. It returns ErrNotFound if another node has claimed the scan.
	ClaimScan(ctx context.Context, claim ScanClaim) (int64, error)
	// ScheduleDigests schedules a digest for each user who has unread messages after the cursor that no digest has
	// included and about which the rule notifies. It schedules a digest again for a user who has used Charla since it
	// was scheduled.
	ScheduleDigests(ctx context.Context, cursor int64, times DigestTimes, rule NotificationRule) error
	// EnqueueDueDigests moves up to limit digests that are due into the notification queue, at most one for each user.
	EnqueueDueDigests(ctx context.Context, now Timestamp, limit int) error
	// MarkEmailed records that a digest included the messages of a room up to seq.
	MarkEmailed(ctx context.Context, user, room, seq int64) error
	// PushCandidates lists the users whom the rule notifies about unread messages after the cursor. It leaves out a
	// conversation if a push was sent about it and the user has not read it since. The list has no limit: it includes
	// users who are online and get no push, and a limit could make them displace users who are away.
	PushCandidates(ctx context.Context, cursor int64, rule NotificationRule) ([]PushCandidate, error)
	// EnqueuePushes adds pushes to the notification queue and records, for each room, that a push was sent.
	EnqueuePushes(ctx context.Context, list []PushCandidate, now Timestamp) error
}

// ScanClaim is a node's claim to scan new messages for one medium. No other node scans for this medium until the claim
// ends.
type ScanClaim struct {
	Medium        Medium
	Now, Until    Timestamp // the claim starts at Now and ends at Until
	AdvanceBefore Timestamp // the cursor moves to the messages posted before this time
	RefreshBefore Timestamp // a cursor set before this time is set again
	ExpireBefore  Timestamp // a cursor set before this time is discarded: the scan starts with new messages
}

// DigestTimes says when a digest is due, for each choice that users have in their digest setting: soon, after an hour,
// or daily.
type DigestTimes struct {
	SoonDelay Timestamp // after the newest unread message
	HourDelay Timestamp // after the newest unread message
	Daily     Timestamp // the time of the next daily digests
}

// PushCandidate is a user who may get a push about an unread conversation, and the seq of the conversation's newest
// message.
type PushCandidate struct {
	User int64 `db:"user_id"`
	Room int64 `db:"room_id"`
	Seq  int64 `db:"seq"`
}
