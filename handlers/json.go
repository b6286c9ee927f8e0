package handlers

import (
	"strconv"
	"time"

	"charla/chat"
	"charla/views"
)

// The forms of JSON answers. Names and shapes are a contract with programs.

type personJSON struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Avatar string `json:"avatar_url,omitempty"`
	Online bool   `json:"online"`
	Unread int    `json:"unread"`
	Bot    bool   `json:"bot,omitempty"`
}

type roomJSON struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Unread int    `json:"unread"`
	Access string `json:"access"`
	Role   string `json:"role"` // the asking person's; empty for an outsider
}

type chatJSON struct {
	Me     personJSON   `json:"me"`
	People []personJSON `json:"people"`
	Rooms  []roomJSON   `json:"rooms"`
	Next   string       `json:"next,omitempty"` // where the following people are
}

type authorJSON struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Avatar string `json:"avatar_url,omitempty"`
	Bot    bool   `json:"bot,omitempty"` // not in reactions
}

type messageJSON struct {
	ID       int64      `json:"id"`
	Room     int64      `json:"room"`
	Seq      int64      `json:"seq"`
	Changed  int64      `json:"changed_seq"` // of its last change; of two states the one with the greater is newer
	From     authorJSON `json:"from"`
	Body     string     `json:"body,omitempty"` // absent from a deleted one, like HTML
	HTML     string     `json:"html,omitempty"`
	PostedAt time.Time  `json:"posted_at"`

	EditedAt  *time.Time     `json:"edited_at,omitempty"`
	DeletedAt *time.Time     `json:"deleted_at,omitempty"`
	Reactions []reactionJSON `json:"reactions"`
	Files     []fileJSON     `json:"files"`
}

type reactionJSON struct {
	Emoji  string       `json:"emoji"`
	Count  int          `json:"count"`
	People []authorJSON `json:"people"`
	Mine   *bool        `json:"mine,omitempty"` // in answers to GET alone
}

type historyJSON struct {
	Messages []messageJSON `json:"messages"`
	Cursor   int64         `json:"cursor"`         // where a stream goes on from
	Next     string        `json:"next,omitempty"` // where the older ones are, or after a number those that follow
}

func toJSON(m chat.Message) messageJSON {
	out := messageJSON{ID: m.ID, Room: m.Room, Seq: m.Seq, Changed: m.ChangedSeq, From: authorJSON{m.AuthorID, m.AuthorName, avatarURL(m.AuthorAvatar), m.AuthorBot},
		Body: m.Body, HTML: m.HTML,
		PostedAt: m.PostedAt.Time(), EditedAt: timeJSON(m.EditedAt), DeletedAt: timeJSON(m.DeletedAt), Reactions: []reactionJSON{}, Files: filesToJSON(m.Files.List())}
	for _, r := range m.Reactions.Kinds() {
		kind := reactionJSON{Emoji: r.Emoji, Count: len(r.People)}
		for _, p := range r.People {
			kind.People = append(kind.People, authorJSON{ID: p.ID, Name: p.Name})
		}
		out.Reactions = append(out.Reactions, kind)
	}
	return out
}

// avatarURL is where somebody's picture is, or nothing.
func avatarURL(file int64) string {
	if file == 0 {
		return ""
	}
	return views.FileURL(file, chat.Square)
}

// timeJSON leaves out what never happened.
func timeJSON(at chat.Micros) *time.Time {
	if at == 0 {
		return nil
	}
	t := at.Time()
	return &t
}

// toReader is toJSON for one reader, who sees which reactions are theirs.
func toReader(m chat.Message, me int64) messageJSON {
	out := toJSON(m)
	for i, r := range m.Reactions.Kinds() {
		mine := r.By(me)
		out.Reactions[i].Mine = &mine
	}
	return out
}

// historyToJSON is a window that goes on at next, unless that is empty.
func historyToJSON(c chat.Conversation, h chat.History, next string, limit int) historyJSON {
	out := historyJSON{Messages: make([]messageJSON, len(h.Messages)), Cursor: c.LastSeq, Next: next}
	for i, m := range h.Messages {
		out.Messages[i] = toReader(m, c.Me)
	}
	if next != "" {
		out.Next += limited(limit)
	}
	return out
}

// limited carries a limit on to the next page.
func limited(limit int) string {
	if limit <= 0 {
		return ""
	}
	return "&limit=" + strconv.Itoa(limit)
}
