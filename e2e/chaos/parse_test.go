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

// parseMessages are the lines in a piece of HTML.
func parseMessages(html string) (lines []shownMessage) {
	found := messagePattern.FindAllStringSubmatchIndex(html, -1)
	for i, at := range found {
		end := len(html)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		lines = append(lines, parseMessage(parseInt64(html[at[2]:at[3]]), html[at[1]:end]))
	}
	return lines
}

// parseMessage is what a line shows, from its HTML.
func parseMessage(seq int64, html string) shownMessage {
	l := shownMessage{Seq: seq, Body: bodyPattern.FindString(html), Version: matchInt(versionPattern, html)}
	l.Edited, l.Deleted = strings.Contains(html, "message__edited"), strings.Contains(html, "message__body--gone")
	var all []string
	for _, kind := range reactionPattern.FindAllStringSubmatch(html, -1) {
		for id := range strings.FieldsSeq(kind[2]) {
			all = append(all, kind[1]+":"+id)
		}
	}
	l.Reactions = strings.Join(all, " ")
	var files []string
	for _, file := range filePattern.FindAllStringSubmatch(html, -1) {
		files = append(files, file[1])
	}
	l.Files = strings.Join(files, " ")
	return l
}

// jsonMessage is one as programs are told of it.
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
	Files []struct{ ID int64 }
}

func (m jsonMessage) shown() shownMessage {
	l := shownMessage{Seq: m.Seq, Body: m.Body, Edited: m.Edited != nil && m.Deleted == nil, Deleted: m.Deleted != nil}
	if m.Changed != m.Seq {
		l.Version = m.Changed
	}
	var reactions, files []string
	for _, r := range m.Reactions {
		for _, by := range r.People {
			reactions = append(reactions, fmt.Sprint(r.Emoji, ":", by.ID))
		}
	}
	for _, f := range m.Files {
		files = append(files, fmt.Sprint(f.ID))
	}
	l.Reactions, l.Files = strings.Join(reactions, " "), strings.Join(files, " ")
	return l
}

// jsonPage is a page of a conversation as programs are given it.
type jsonPage struct {
	Messages []jsonMessage
	Cursor   int64
	Next     string
}

func (w jsonPage) shown() (lines []shownMessage) {
	for _, m := range w.Messages {
		lines = append(lines, m.shown())
	}
	return lines
}

// matchInt is the number that a pattern finds, or 0.
func matchInt(pattern *regexp.Regexp, text string) int64 {
	if m := pattern.FindStringSubmatch(text); m != nil {
		return parseInt64(m[1])
	}
	return 0
}

// sseEvent is one event of a stream; see section 9.2 of the HTML standard.
type sseEvent struct{ id, name, data string }

// readEvents gives every whole event until the end, or until take wants no more. One that is cut off is dropped.
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
