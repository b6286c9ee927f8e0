package views

import "charla/chat"

// PinsURL returns the URL of the pinned messages of a conversation. Unless before is zero, the page begins after the
// message whose pin has this seq.
func PinsURL(ref chat.ConversationRef, before int64) string {
	url := "/pins?" + conversationQuery(ref)
	if before != 0 {
		url += "&before=" + formatInt(before)
	}
	return url
}

// maxListedText is how many characters of a message lists of pinned and saved messages show.
const maxListedText = 500

// listed returns a message as a hit of the search, for the lists of pinned and saved messages. The excerpt is the
// beginning of the text.
func listed(m chat.Message, room chat.SearchRoom) chat.SearchHit {
	return chat.SearchHit{
		Message: m, Room: room, Excerpt: []chat.ExcerptPart{{Text: beginning(m.Body, maxListedText)}},
	}
}
