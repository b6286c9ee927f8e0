package views

// atHandle returns a handle as people write it in a mention, or "" if there is none.
func atHandle(handle string) string {
	if handle == "" {
		return ""
	}
	return "@" + handle
}
