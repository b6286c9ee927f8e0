package web

import (
	"time"

	"charla/chat"
	"charla/views"
)

// AuthorJSON is a user in JSON responses and events, for example the author of a message.
type AuthorJSON struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Avatar string `json:"avatar_url,omitempty"`
	Bot    bool   `json:"bot,omitempty"`    // absent in reactions
	Handle string `json:"handle,omitempty"` // absent for a deleted account
}

// MessageJSON is a message in JSON responses and events.
type MessageJSON struct {
	ID       int64      `json:"id"`
	Room     int64      `json:"room"`
	Seq      int64      `json:"seq"`
	Changed  int64      `json:"changed_seq"` // the seq of its latest change: the greater one is newer
	From     AuthorJSON `json:"from"`
	Body     string     `json:"body,omitempty" example:""` // absent from a deleted message, like HTML
	HTML     string     `json:"html,omitempty" example:""`
	PostedAt time.Time  `json:"posted_at"`

	EditedAt  *time.Time     `json:"edited_at,omitempty"`
	DeletedAt *time.Time     `json:"deleted_at,omitempty"`
	Reactions []ReactionJSON `json:"reactions"`
	Files     []FileJSON     `json:"files"`

	Pinned *PinJSON `json:"pinned,omitempty"` // absent if it is not pinned
	Saved  *bool    `json:"saved,omitempty"`  // whether the caller saved it; only in the answer of GET /messages/:id

	Mentions []AuthorJSON `json:"mentions"`
	To       string       `json:"to,omitempty" enum:"channel,here"` // whom it mentions at once, by @channel or @here
	// Whether the people in "to" are notified. It is false if the author may not do that, is a bot, or did not send
	// all=yes.
	Notified *bool `json:"notified,omitempty"`
	// People in the text who are not in the room and learn nothing; only in the answer that posted the message.
	NotInRoom []AuthorJSON `json:"not_in_room,omitempty"`
}

// PinJSON says who pinned a message and when.
type PinJSON struct {
	By AuthorJSON `json:"by"`
	At time.Time  `json:"at"`
}

// ReactionJSON is an emoji of a message in JSON responses and events, with the users who reacted with it.
type ReactionJSON struct {
	Emoji  string       `json:"emoji"`
	Count  int          `json:"count"`
	People []AuthorJSON `json:"people"`
	Mine   *bool        `json:"mine,omitempty"` // only in responses to GET
}

// MessageToJSON returns a message for JSON. The result contains nothing that depends on the reader, so it can be sent
// to all readers.
func MessageToJSON(m chat.Message) MessageJSON {
	out := MessageJSON{
		ID: m.ID, Room: m.Room, Seq: m.Seq, Changed: m.ChangedSeq,
		From: AuthorJSON{m.AuthorID, m.AuthorName, AvatarURL(m.AuthorAvatar), m.AuthorBot, m.AuthorHandle},
		Body: m.Body, HTML: m.HTML,
		PostedAt: m.PostedAt.Time(), EditedAt: OptionalTime(m.EditedAt), DeletedAt: OptionalTime(m.DeletedAt),
		Reactions: []ReactionJSON{}, Files: FilesToJSON(m.Files),
		Mentions: []AuthorJSON{}, To: string(m.Audience),
	}
	for _, user := range m.Mentions {
		out.Mentions = append(out.Mentions, AuthorJSON{ID: user.ID, Name: user.Name, Handle: user.Handle})
	}
	if m.IsPinned() {
		by := m.Pin.By
		out.Pinned = &PinJSON{AuthorJSON{ID: by.ID, Name: by.Name, Handle: by.Handle}, m.Pin.At.Time()}
	}
	if m.Audience != chat.AudienceNone {
		out.Notified = &m.Notified
	}
	for _, group := range m.Reactions.Groups() {
		reaction := ReactionJSON{Emoji: group.Emoji, Count: len(group.Users)}
		for _, user := range group.Users {
			reaction.People = append(reaction.People, AuthorJSON{ID: user.ID, Name: user.Name, Handle: user.Handle})
		}
		out.Reactions = append(out.Reactions, reaction)
	}
	return out
}

// AvatarURL returns the URL of the profile picture with the given file id, or "" if file is 0.
func AvatarURL(file int64) string {
	if file == 0 {
		return ""
	}
	return views.FileURL(file, chat.VariantSquare)
}

// OptionalTime returns a time for an optional JSON field. If at is 0, which means never, it returns nil, and the field
// is left out.
func OptionalTime(at chat.Timestamp) *time.Time {
	if at == 0 {
		return nil
	}
	t := at.Time()
	return &t
}

// MessageToJSONFor returns a message for JSON as one reader sees it: the reader's own reactions are marked.
func MessageToJSONFor(m chat.Message, reader int64) MessageJSON {
	out := MessageToJSON(m)
	for i, r := range m.Reactions.Groups() {
		mine := r.By(reader)
		out.Reactions[i].Mine = &mine
	}
	return out
}

// FileJSON is a file in JSON responses and events: part of a message, or uploaded and not sent yet.
type FileJSON struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Alt      string `json:"alt,omitempty"`
	Type     string `json:"type"`
	Size     int64  `json:"size"`
	URL      string `json:"url"`
	ThumbURL string `json:"thumb_url,omitempty"` // only for pictures
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	// Unchanged says that a picture or video is stored with all its bytes, which may say where it was taken.
	Unchanged bool `json:"unchanged"`
}

// FileToJSON returns a file for JSON.
func FileToJSON(f chat.File) FileJSON {
	out := FileJSON{
		ID: f.ID, Name: f.Name, Alt: f.Alt, Type: f.Type, Size: f.Size,
		URL: views.FileURL(f.ID, chat.VariantOriginal), Width: f.Width, Height: f.Height,
		Unchanged: f.IsUnchanged(),
	}
	if f.IsImage() {
		out.ThumbURL = views.FileURL(f.ID, chat.VariantThumb)
	}
	return out
}

// FilesToJSON returns a list of files for JSON. The result is never nil, because JSON would contain null instead of an
// empty list.
func FilesToJSON(files []chat.File) []FileJSON {
	out := make([]FileJSON, len(files))
	for i, f := range files {
		out[i] = FileToJSON(f)
	}
	return out
}

// AuthorsToJSON returns a list of users for JSON. The result is never nil, because JSON would contain null instead of
// an empty list.
func AuthorsToJSON(people []chat.UserSummary) []AuthorJSON {
	out := make([]AuthorJSON, len(people))
	for i, p := range people {
		out[i] = AuthorJSON{ID: p.ID, Name: p.Name, Avatar: AvatarURL(p.Avatar), Bot: p.IsBot, Handle: p.Handle}
	}
	return out
}

// ConversationJSON is a conversation in JSON responses and events, as one user sees it.
type ConversationJSON struct {
	Room   int64  `json:"room"`
	With   int64  `json:"with,omitempty"` // the other person of a direct conversation
	Name   string `json:"name"`
	Seq    int64  `json:"seq"`    // of the latest change
	Read   int64  `json:"read"`   // the seq up to which the user has read
	Unread int    `json:"unread"` // counted up to 100
	NotificationJSON
}

// NotificationJSON says in JSON responses and events which messages of a conversation notify the user.
type NotificationJSON struct {
	Level string `json:"level,omitempty" enum:"all,mentions,nothing"`
	Mute  string `json:"mute,omitempty" example:"off"` // off, forever, or when the mute ends, in RFC 3339
}

// NotificationToJSON returns the notification level and the mute of a conversation for JSON.
func NotificationToJSON(c chat.Conversation) NotificationJSON {
	out := NotificationJSON{Level: c.NotificationLevel().String(), Mute: "off"}
	switch {
	case c.Muted && c.MutedUntil == chat.MutedForever:
		out.Mute = "forever"
	case c.Muted:
		out.Mute = c.MutedUntil.Time().Format(time.RFC3339)
	}
	return out
}

// ConversationToJSON returns a conversation for JSON.
func ConversationToJSON(c chat.Conversation) ConversationJSON {
	out := ConversationJSON{
		Room: c.Room, Name: c.Name, Seq: c.LastSeq, Read: c.ReadSeq, Unread: c.Unread,
		NotificationJSON: NotificationToJSON(c),
	}
	if c.Kind == chat.Direct {
		out.With = c.Peer
	}
	return out
}
