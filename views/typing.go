package views

import "charla/chat"

// typingText returns a sentence that names the users who are typing. Each name is isolated, so that a right-to-left
// name does not reorder the text around it.
func typingText(l Locale, people []chat.UserSummary, count int) string {
	names := make([]any, len(people))
	for i, p := range people {
		names[i] = "\u2068" + p.Name + "\u2069"
	}
	switch count {
	case 0:
		return ""
	case 1:
		return l.T("%s is typing…", names...)
	case 2:
		return l.T("%s and %s are typing…", names...)
	case 3:
		return l.T("%s, %s and %s are typing…", names...)
	default:
		return l.T("%s, %s and %d more are typing…", names[0], names[1], count-2)
	}
}
