package handlers

import (
	"net/url"
	"strconv"
	"time"

	"charla/chat"
)

// The forms of JSON answers. Names and shapes are a contract with programs.

type personJSON struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Online bool   `json:"online"`
	Unread int    `json:"unread"`
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
}

type authorJSON struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

type messageJSON struct {
	ID       int64      `json:"id"`
	Room     int64      `json:"room"`
	Seq      int64      `json:"seq"`
	From     authorJSON `json:"from"`
	Body     string     `json:"body"`
	HTML     string     `json:"html"`
	PostedAt time.Time  `json:"posted_at"`
}

type historyJSON struct {
	Messages []messageJSON `json:"messages"`
	Next     string        `json:"next,omitempty"` // where the older ones are
}

func toJSON(m chat.Message) messageJSON {
	return messageJSON{ID: m.ID, Room: m.Room, Seq: m.Seq, From: authorJSON{m.AuthorID, m.AuthorName}, Body: m.Body, HTML: m.HTML, PostedAt: m.PostedAt.Time()}
}

func historyToJSON(p chat.Place, h chat.History, limit int) historyJSON {
	out := historyJSON{Messages: make([]messageJSON, len(h.Messages))}
	for i, m := range h.Messages {
		out.Messages[i] = toJSON(m)
	}
	if h.Older {
		q := url.Values{"before": {strconv.FormatInt(h.Messages[0].Seq, 10)}}
		if limit > 0 {
			q.Set("limit", strconv.Itoa(limit))
		}
		if p.Room != 0 {
			q.Set("room", strconv.FormatInt(p.Room, 10))
		} else {
			q.Set("with", strconv.FormatInt(p.With, 10))
		}
		out.Next = "/messages?" + q.Encode()
	}
	return out
}
