package chaos

import (
	"bufio"
	"regexp"
	"strconv"
	"strings"
)

var (
	streamOf = regexp.MustCompile(`hx-sse:connect="([^"]+)"`)
	lineOf   = regexp.MustCompile(`<li id="m-(\d+)"`)
	bodyOf   = regexp.MustCompile(`said-[0-9a-z-]+`)
	afterOf  = regexp.MustCompile(`after=(\d+)`)
)

// linesIn are the lines in a piece of HTML.
func linesIn(html string) (lines []line) {
	found := lineOf.FindAllStringSubmatchIndex(html, -1)
	for i, at := range found {
		end := len(html)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		lines = append(lines, line{number(html[at[2]:at[3]]), bodyOf.FindString(html[at[1]:end])})
	}
	return lines
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
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
