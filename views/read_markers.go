package views

import "fmt"

// readMarkerSeq returns the seq, the number in the room, of the last message that a newly loaded page marks as read as
// soon as it is visible. It returns 0 if there is nothing to mark. Loading the page is not enough, because htmx may
// load it in a hidden tab.
func readMarkerSeq(t Timeline) int64 {
	if t.FirstUnread == 0 || len(t.Messages) == 0 {
		return 0
	}
	return t.Messages[len(t.Messages)-1].Seq
}

// readMarkerVals returns the form values that mark messages as read, as JSON for hx-vals.
func readMarkerVals(room, seq int64) string { return fmt.Sprintf(`{"room":%d,"seq":%d}`, room, seq) }
