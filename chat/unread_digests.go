package chat

// ScanClaim is a node's claim to scan new messages for one medium. While it lasts, no other node scans.
type ScanClaim struct {
	Medium        Medium
	Now, Until    Timestamp // the claim starts at Now and ends at Until
	AdvanceBefore Timestamp // the cursor moves to the messages posted before this time
	RefreshBefore Timestamp // a cursor set before this time is set again
	ExpireBefore  Timestamp // a cursor set before this time is discarded: the scan starts with new messages
}

// PushCandidate is a user with an unread conversation that a push may announce, and the seq of its newest message.
type PushCandidate struct {
	User int64 `db:"user_id"`
	Room int64 `db:"room_id"`
	Seq  int64 `db:"seq"`
}
