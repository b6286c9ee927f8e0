package chaos

import (
	"bufio"
	"fmt"
	"regexp"
	"strings"
	"time"
)

var (
	streamURLPattern = regexp.MustCompile(`hx-sse:connect="([^"]+)"`)
	messagePattern   = regexp.MustCompile(`<li id="m-(\d+)"`)
	bodyPattern      = regexp.MustCompile(`said-[0-9a-z-]+`)
	afterPattern     = regexp.MustCompile(`after=(\d+)`)

	versionPattern         = regexp.MustCompile(`^[^>]* data-version="(\d+)"`)
	reactionPattern        = regexp.MustCompile(`name="emoji" value="([^"]+)" data-by="([0-9 ]+)"`)
	filePattern            = regexp.MustCompile(`class="file__card" href="/files/(\d+)"`)
	previousVersionPattern = regexp.MustCompile(`hx-target="#m-\d+\[data-version=(?:'|&#39;)(\d+)`)
)

// parseMessages returns the messages in a piece of HTML.
func parseMessages(html string) (messages []shownMessage) {
	found := messagePattern.FindAllStringSubmatchIndex(html, -1)
	for i, at := range found {
		end := len(html)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		messages = append(messages, parseMessage(parseInt64(html[at[2]:at[3]]), html[at[1]:end]))
	}
	return messages
}

// parseMessage returns what the HTML of a message shows.
func parseMessage(seq int64, html string) shownMessage {
	m := shownMessage{Seq: seq, Body: bodyPattern.FindString(html), Version: matchInt(versionPattern, html)}
	m.Edited, m.Deleted = strings.Contains(html, "message__edited"), strings.Contains(html, "message__body--deleted")
	m.Pinned = strings.Contains(html, "message__pinned")
	var all []string
	for _, reaction := range reactionPattern.FindAllStringSubmatch(html, -1) {
		for id := range strings.FieldsSeq(reaction[2]) {
			all = append(all, reaction[1]+":"+id)
		}
	}
	m.Reactions = strings.Join(all, " ")
	var files []string
	for _, file := range filePattern.FindAllStringSubmatch(html, -1) {
		files = append(files, file[1])
	}
	m.Files = strings.Join(files, " ")
	return m
}

// jsonMessage is a message as the API returns it.
type jsonMessage struct {
	ID, Room, Seq int64
	Changed       int64 `json:"changed_seq"`
	Body          string
	Edited        *time.Time `json:"edited_at"`
	Deleted       *time.Time `json:"deleted_at"`
	Reactions     []struct {
		Emoji  string
		People []struct{ ID int64 }
	}
	Files  []struct{ ID int64 }
	Pinned *struct{ At time.Time }
}

// shown returns the message as a page shows it.
func (m jsonMessage) shown() shownMessage {
	s := shownMessage{Seq: m.Seq, Body: m.Body, Edited: m.Edited != nil && m.Deleted == nil, Deleted: m.Deleted != nil}
	if m.Changed != m.Seq {
		s.Version = m.Changed
	}
	s.Pinned = m.Pinned != nil
	var reactions, files []string
	for _, r := range m.Reactions {
		for _, by := range r.People {
			reactions = append(reactions, fmt.Sprint(r.Emoji, ":", by.ID))
		}
	}
	for _, f := range m.Files {
		files = append(files, fmt.Sprint(f.ID))
	}
	s.Reactions, s.Files = strings.Join(reactions, " "), strings.Join(files, " ")
	return s
}

// jsonPage is a page of a conversation as the API returns it.
type jsonPage struct {
	Messages []jsonMessage
	Cursor   int64
	Next     string
}

func (w jsonPage) shown() (messages []shownMessage) {
	for _, m := range w.Messages {
		messages = append(messages, m.shown())
	}
	return messages
}

// matchInt returns the number in the first group of a pattern, or 0 if it does not match.
func matchInt(pattern *regexp.Regexp, text string) int64 {
	if m := pattern.FindStringSubmatch(text); m != nil {
		return parseInt64(m[1])
	}
	return 0
}

// sseEvent is an event of a stream; see section 9.2 of the HTML standard.
type sseEvent struct{ id, name, data string }

// readEvents calls take for every complete event until the stream ends or take returns false. It drops an event that is
// cut off.
func readEvents(from *bufio.Reader, take func(sseEvent) (more bool)) {
	var e sseEvent
	for {
		text, err := from.ReadString('\n')
		if err != nil {
			return
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			e.data += value + "\n"
		case "":
			if text == "\n" {
				if !take(e) {
					return
				}
				e = sseEvent{}
			}
		}
	}
}
