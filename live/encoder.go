package live

import "charla/chat"

// Encoder renders what a stream sends in the format of its reader: HTML or JSON, in one language. Encoders can be
// compared with ==, and streams with equal encoders share the rendered bytes. A method returns nil if its format has
// nothing to send for the event.
type Encoder interface {
	// Change renders a change. The reader passes the cursor when it reconnects after it received this change. If cursor
	// is 0, the reader keeps its previous one.
	Change(e chat.RoomChange, cursor int64) []byte
	Presence(p Presence) []byte
	Typing(t Typing) []byte
	UploadProgress(u chat.UploadProgress) []byte
	Attachment(a chat.AttachmentChanged) []byte
	// Cursor renders an event that only gives the reader a new cursor: the reader has received everything up to there.
	Cursor(cursor int64) []byte
	// Heartbeat returns the bytes that keep an idle connection open.
	Heartbeat() []byte
	// End renders the last event of a stream, which tells the reader why it ends.
	End(reason EndReason) []byte
}

// EndReason says why a stream ended.
type EndReason int

// The reasons for which a stream ends. After EndSlow and EndAged the reader reconnects with its last cursor.
const (
	notEnded        EndReason = iota
	EndSlow                   // it read too slowly: its queue was full, or it missed too many changes
	EndAged                   // it reached its maximum age, which removes connections that broke unnoticed
	EndReplaced               // its session opened more streams than it may have
	EndLogout                 // its session ended
	EndLeft                   // its user is no longer a member of the room
	EndRestart                // the server is shutting down
	EndResync                 // its cursor is unusable, so that the reader must load the page again
	endDisconnected           // the reader disconnected, so that nobody receives a reason
)
