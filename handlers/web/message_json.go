package web

import (
	"time"

	"charla/chat"
	"charla/views"
)

type AuthorJSON struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Avatar string `json:"avatar_url,omitempty"`
	Bot    bool   `json:"bot,omitempty"` // not in reactions
}

type MessageJSON struct {
	ID       int64      `json:"id"`
	Room     int64      `json:"room"`
	Seq      int64      `json:"seq"`
	Changed  int64      `json:"changed_seq"` // of its last change; of two states the one with the greater is newer
	From     AuthorJSON `json:"from"`
	Body     string     `json:"body,omitempty"` // absent from a deleted one, like HTML
	HTML     string     `json:"html,omitempty"`
	PostedAt time.Time  `json:"posted_at"`

	EditedAt  *time.Time     `json:"edited_at,omitempty"`
	DeletedAt *time.Time     `json:"deleted_at,omitempty"`
	Reactions []ReactionJSON `json:"reactions"`
	Files     []FileJSON     `json:"files"`
}

type ReactionJSON struct {
	Emoji  string       `json:"emoji"`
	Count  int          `json:"count"`
	People []AuthorJSON `json:"people"`
	Mine   *bool        `json:"mine,omitempty"` // in answers to GET alone
}

func MessageToJSON(m chat.Message) MessageJSON {
	out := MessageJSON{ID: m.ID, Room: m.Room, Seq: m.Seq, Changed: m.ChangedSeq, From: AuthorJSON{m.AuthorID, m.AuthorName, AvatarURL(m.AuthorAvatar), m.AuthorBot},
		Body: m.Body, HTML: m.HTML,
		PostedAt: m.PostedAt.Time(), EditedAt: OptionalTime(m.EditedAt), DeletedAt: OptionalTime(m.DeletedAt), Reactions: []ReactionJSON{}, Files: FilesToJSON(m.Files)}
	for _, r := range m.Reactions.Groups() {
		kind := ReactionJSON{Emoji: r.Emoji, Count: len(r.Users)}
		for _, p := range r.Users {
			kind.People = append(kind.People, AuthorJSON{ID: p.ID, Name: p.Name})
		}
		out.Reactions = append(out.Reactions, kind)
	}
	return out
}

// AvatarURL is where somebody's picture is, or nothing.
func AvatarURL(file int64) string {
	if file == 0 {
		return ""
	}
	return views.FileURL(file, chat.VariantSquare)
}

// OptionalTime leaves out what never happened.
func OptionalTime(at chat.Timestamp) *time.Time {
	if at == 0 {
		return nil
	}
	t := at.Time()
	return &t
}

// MessageToJSONFor is MessageToJSON for one reader, who sees which reactions are theirs.
func MessageToJSONFor(m chat.Message, me int64) MessageJSON {
	out := MessageToJSON(m)
	for i, r := range m.Reactions.Groups() {
		mine := r.By(me)
		out.Reactions[i].Mine = &mine
	}
	return out
}

// FileJSON is a file as programs see it.
type FileJSON struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Alt      string `json:"alt,omitempty"`
	Type     string `json:"type"`
	Size     int64  `json:"size"`
	URL      string `json:"url"`
	ThumbURL string `json:"thumb_url,omitempty"` // of a picture
	Width    int    `json:"width"`
	Height   int    `json:"height"`
}

func FileToJSON(f chat.File) FileJSON {
	out := FileJSON{ID: f.ID, Name: f.Name, Alt: f.Alt, Type: f.Type, Size: f.Size, URL: views.FileURL(f.ID, chat.VariantOriginal), Width: f.Width, Height: f.Height}
	if f.IsImage() {
		out.ThumbURL = views.FileURL(f.ID, chat.VariantThumb)
	}
	return out
}

func FilesToJSON(files []chat.File) []FileJSON {
	out := make([]FileJSON, len(files))
	for i, f := range files {
		out[i] = FileToJSON(f)
	}
	return out
}

func AuthorsToJSON(people []chat.UserSummary) []AuthorJSON {
	out := make([]AuthorJSON, len(people))
	for i, p := range people {
		out[i] = AuthorJSON{ID: p.ID, Name: p.Name, Avatar: AvatarURL(p.Avatar), Bot: p.IsBot}
	}
	return out
}

// ConversationJSON is where a conversation stands for one person.
type ConversationJSON struct {
	Room   int64  `json:"room"`
	With   int64  `json:"with,omitempty"` // the other person of a direct one
	Name   string `json:"name"`
	Seq    int64  `json:"seq"`    // of the last change in it
	Read   int64  `json:"read"`   // up to which it is read
	Unread int    `json:"unread"` // counted up to 100
}

func ConversationToJSON(c chat.Conversation) ConversationJSON {
	out := ConversationJSON{Room: c.Room, Name: c.Name, Seq: c.LastSeq, Read: c.ReadSeq, Unread: c.Unread}
	if c.Kind == chat.Direct {
		out.With = c.Peer
	}
	return out
}
