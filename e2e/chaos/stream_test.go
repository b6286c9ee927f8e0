package chaos

import (
	"bufio"
	"fmt"
	"regexp"
	"strings"
	"time"
)

var (
	streamOf = regexp.MustCompile(`hx-sse:connect="([^"]+)"`)
	lineOf   = regexp.MustCompile(`<li id="m-(\d+)"`)
	bodyOf   = regexp.MustCompile(`said-[0-9a-z-]+`)
	afterOf  = regexp.MustCompile(`after=(\d+)`)

	versionOf  = regexp.MustCompile(`^[^>]* data-version="(\d+)"`)
	reactionOf = regexp.MustCompile(`name="emoji" value="([^"]+)" data-by="([0-9 ]+)"`)
	fileOf     = regexp.MustCompile(`class="file__card" href="/files/(\d+)"`)
	beforeOf   = regexp.MustCompile(`hx-target="#m-\d+\[data-version=(?:'|&#39;)(\d+)`)
)

// linesIn are the lines in a piece of HTML.
func linesIn(html string) (lines []line) {
	found := lineOf.FindAllStringSubmatchIndex(html, -1)
	for i, at := range found {
		end := len(html)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		lines = append(lines, lineIn(integer(html[at[2]:at[3]]), html[at[1]:end]))
	}
	return lines
}

// lineIn is what a line shows, from its HTML.
func lineIn(seq int64, html string) line {
	l := line{Seq: seq, Body: bodyOf.FindString(html), Version: found(versionOf, html)}
	l.Edited, l.Deleted = strings.Contains(html, "message__edited"), strings.Contains(html, "message__body--gone")
	var all []string
	for _, kind := range reactionOf.FindAllStringSubmatch(html, -1) {
		for id := range strings.FieldsSeq(kind[2]) {
			all = append(all, kind[1]+":"+id)
		}
	}
	l.Reactions = strings.Join(all, " ")
	var files []string
	for _, file := range fileOf.FindAllStringSubmatch(html, -1) {
		files = append(files, file[1])
	}
	l.Files = strings.Join(files, " ")
	return l
}

// message is one as programs are told of it.
type message struct {
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

func (m message) line() line {
	l := line{Seq: m.Seq, Body: m.Body, Edited: m.Edited != nil && m.Deleted == nil, Deleted: m.Deleted != nil}
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

// window is a page of a conversation as programs are given it.
type window struct {
	Messages []message
	Cursor   int64
	Next     string
}

func (w window) lines() (lines []line) {
	for _, m := range w.Messages {
		lines = append(lines, m.line())
	}
	return lines
}

// found is the number that a pattern finds, or 0.
func found(pattern *regexp.Regexp, text string) int64 {
	if m := pattern.FindStringSubmatch(text); m != nil {
		return integer(m[1])
	}
	return 0
}

// event is one event of a stream; see section 9.2 of the HTML standard.
type event struct{ id, name, data string }

// events gives every whole event until the end, or until take wants no more. One that is cut off is dropped.
func events(from *bufio.Reader, take func(event) (more bool)) {
	var e event
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
				e = event{}
			}
		}
	}
}
