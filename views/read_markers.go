package views

import "fmt"

// readMarkerSeq returns the seq up to which a fresh page marks messages as read when it becomes visible, or 0 for
// none. Loading a page is not enough, because htmx may load one in a tab that nobody looks at.
func readMarkerSeq(t Timeline) int64 {
	if t.FirstUnread == 0 || len(t.Messages) == 0 {
		return 0
	}
	return t.Messages[len(t.Messages)-1].Seq
}

func readMarkerVals(room, seq int64) string { return fmt.Sprintf(`{"room":%d,"seq":%d}`, room, seq) }
