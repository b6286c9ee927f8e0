package views

import "charla/chat"

// levelOptions returns the notification levels that a user can choose, by their names in requests.
func levelOptions(l Locale) []option {
	return []option{
		{chat.LevelAll.String(), l.T("All messages")},
		{chat.LevelMentions.String(), l.T("Only mentions")},
		{chat.LevelNothing.String(), l.T("Nothing")},
	}
}

// muteOptions returns the times for which a user can mute a conversation, by their names in requests.
func muteOptions(l Locale) []option {
	return []option{
		{"1h", l.T("For 1 hour")},
		{"8h", l.T("For 8 hours")},
		{"tomorrow", l.T("Until tomorrow at 8:00")},
		{"week", l.T("For a week")},
		{"forever", l.T("Until I unmute it")},
	}
}

// levelText returns the name of the notification level that a conversation has.
func levelText(l Locale, c chat.Conversation) string {
	if c.NotificationLevel() == chat.LevelNothing {
		return l.T("No notifications")
	}
	for _, o := range levelOptions(l) {
		if o.Value == c.NotificationLevel().String() {
			return o.Label
		}
	}
	return ""
}
