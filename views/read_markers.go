package views

import "fmt"

// readMarkerSeq is the seq that a fresh page marks read when it is on screen, or 0: rendering the page marked what it shows, but
// htmx may fetch a page for a tab that nobody looks at.
func readMarkerSeq(t Timeline) int64 {
	if t.FirstUnread == 0 || len(t.Messages) == 0 {
		return 0
	}
	return t.Messages[len(t.Messages)-1].Seq
}

func readMarkerVals(room, seq int64) string { return fmt.Sprintf(`{"room":%d,"seq":%d}`, room, seq) }
