package web

import "cmp"

// QueryParameter documents a parameter in the query of a URL. A parameter has the same meaning on every
// route, except where a route describes its own.
type QueryParameter struct {
	Name        string
	Type        any // a value of its type
	Description string
}

// QueryParameters documents the query parameters of all routes.
var QueryParameters = []QueryParameter{
	{"with", ID(0), "The id of the other person of a direct conversation, instead of room."},
	{"room", ID(0), "The id of the room, instead of with."},
	{"before", int64(0), "Returns the newest messages with a smaller seq."},
	{"after", int64(0), "Continues a list or a stream: a seq for messages and streams, otherwise an id."},
	{"around", "", "Returns the messages around this seq, or around the first unread message if it is unread."},
	{"on", "", "Returns the messages from this day on, such as 2026-11-22, or from the next day that has messages."},
	{"unread", int64(0), "The seq before which the page shows that new messages begin. Only on the page."},
	{"changed_after", int64(0), "Returns what was posted or changed after this number, in the order of the changes. " +
		"Answers 409 if the caller must start again from 0."},
	{"as_of", int64(0), "In the next page of changed_after: the number of the room's latest change at the first page."},
	{"limit", 0, "How many messages to return: 50 by default, at most 200."},
	{"cursor", int64(0), "Continues a search: the cursor in the URL of the next page."},
	{"key", "", "Identifies the message, so that it is stored once however often it is sent."},
	{"q", "", "Filters by name; upper and lower case and accents do not matter."},
	{"group", 0, "The number of an emoji group, from 0."},
	{"tone", 0, "A skin tone from 1 to 5, or 0 for none."},
	{"message", ID(0), "The id of the message to react to."},
	{"name", "", "The name of a file that is the whole body."},
	{"upload", "", "An id that the caller chooses. With it, a repeated upload does not store a waiting file again, " +
		"and the page with this id shows the progress."},
	{"seq", int64(0), "The seq of a message."},
	{"size", "", "The size of a picture: thumb, medium or square. Without it the whole file is returned."},
	{"invite", "", "Searches people who can be added to the room. Only on the page."},
	{"next", "", "The path to open after the log-in."},
	{"open", "", "With first, opens the conversation with the first person found. Only on the page."},
	{"ended", "", "Why the log-in is shown. Only on the page."},
}

// queryEnums maps a query parameter to its allowed values, separated by commas. It contains only the parameters that
// have few values.
var queryEnums = map[string]string{
	"size": "thumb,medium,square", "kind": "mention,reply,reaction,invitation,moderation",
}

// maxNext is the maximum length of the parameter next, in characters.
const maxNext = 2000

// queryMaxLengths maps a query parameter to the maximum length of its text in characters, if it is not
// defaultMaxLength.
var queryMaxLengths = map[string]int{"q": 500, "invite": 200, "next": maxNext}

// maxLength returns the maximum length of a text in characters.
func (p QueryParameter) maxLength() int { return cmp.Or(queryMaxLengths[p.Name], defaultMaxLength) }

// queryParameter returns the documentation of a query parameter of a route. For a parameter that is not documented it
// returns a text without a description.
func (o Operation) queryParameter(name string) QueryParameter {
	for _, list := range [][]QueryParameter{o.OwnQuery, QueryParameters} {
		for _, p := range list {
			if p.Name == name {
				return p
			}
		}
	}
	return QueryParameter{Name: name, Type: ""}
}
