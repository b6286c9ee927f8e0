package views

// SavedMessagesURL returns the URL of the messages that the user saved. Unless before is zero, the page begins after
// the message with this SaveID.
func SavedMessagesURL(before int64) string {
	if before == 0 {
		return "/saved"
	}
	return "/saved?before=" + formatInt(before)
}
