package handlers

import (
	"strconv"

	"charla/chat"
	"charla/handlers/web"
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

type historyJSON struct {
	Messages []web.MessageJSON `json:"messages"`
	Cursor   int64             `json:"cursor"`         // where a stream goes on from
	Next     string            `json:"next,omitempty"` // where the older ones are, or after a number those that follow
}

// historyToJSON is a window that goes on at next, unless that is empty.
func historyToJSON(c chat.Conversation, h chat.MessagePage, next string, limit int) historyJSON {
	out := historyJSON{Messages: make([]web.MessageJSON, len(h.Messages)), Cursor: c.LastSeq, Next: next}
	for i, m := range h.Messages {
		out.Messages[i] = web.MessageToJSONFor(m, c.Viewer)
	}
	if next != "" {
		out.Next += limitParameter(limit)
	}
	return out
}

// withRateLimits carries a limit on to the next page.
func limitParameter(limit int) string {
	if limit <= 0 {
		return ""
	}
	return "&limit=" + strconv.Itoa(limit)
}
