package views

import "fmt"

// readMarkerSeq returns the seq (number in the room) of the newest message on a newly loaded page. Messages up to it
// are marked as read as soon as the page is visible. Loading the page is not enough, because htmx may load it in a
// hidden tab. readMarkerSeq returns 0 if there is nothing to mark, and for a page that shows
// the messages at a place, which has its own markers.
func readMarkerSeq(t Timeline) int64 {
	if t.Window || t.FirstUnread == 0 && t.Conversation.Unseen == 0 {
		return 0
	}
	if len(t.Messages) == 0 {
		return t.Cursor
	}
	return t.Messages[len(t.Messages)-1].Seq
}

// readMarkerVals returns the value of hx-vals for a request that marks a room's messages up to seq as read.
func readMarkerVals(room, seq int64) string { return fmt.Sprintf(`{"room":%d,"seq":%d}`, room, seq) }
