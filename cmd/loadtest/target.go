//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
)

// target describes a server under test: its address and the requests to send.
type target struct {
	name string
	addr netip.AddrPort
	pid  int
	// eventsRequest returns the HTTP request that opens stream i.
	eventsRequest func(i int) string
	// messageRequest returns the request that posts a message whose text contains a mark, a string that identifies the
	// message. The sender is the user with index from. With pairs, the message goes to the sender's partner, otherwise
	// to General.
	messageRequest func(from int, mark string) string
}

// seededUser is a user whom charla seed created: one line of its output.
type seededUser struct{ id, cookie string }

// readUsers reads n users from the output of charla seed. Name is the file that contains the output; "-" stands for
// standard input.
func readUsers(name string, stdin io.Reader, n int) ([]seededUser, error) {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		stdin = file
	}
	people := make([]seededUser, 0, n)
	lines := bufio.NewScanner(stdin)
	for len(people) < n && lines.Scan() {
		id, cookie, ok := strings.Cut(lines.Text(), " ")
		if !ok || !strings.Contains(cookie, "=") {
			return nil, errors.New("-people does not contain the output of charla seed")
		}
		people = append(people, seededUser{id, cookie})
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(people) < n {
		return nil, fmt.Errorf("%d streams require as many people, but there are only %d: use charla seed",
			n, len(people))
	}
	return people, nil
}

// partner returns the index of the user with whom user i forms a pair.
func partner(i int) int { return i ^ 1 }

const messageText = "+how+about+a+coffee+at+the+corner%2C+say+at+five%3F+https%3A%2F%2Fexample.org%2Fcafe"

// charlaTarget returns the target for Charla. It sends the same requests as a page in a browser: it opens the event
// stream of the conversation and posts messages as forms.
func charlaTarget(p plan, people []seededUser) target {
	place := func(i int) string {
		if p.pairs {
			return "with=" + people[partner(i)].id
		}
		return "room=1"
	}
	head := func(line string, i int) string {
		return fmt.Sprintf("%s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n", line, p.addr, people[i].cookie)
	}
	return target{name: "charla", addr: p.addr, pid: p.pid,
		eventsRequest: func(i int) string {
			return head("GET /events?"+place(i), i) + "Accept: text/event-stream\r\n\r\n"
		},
		messageRequest: func(from int, mark string) string {
			form := place(from) + "&key=" + mark + "&body=" + mark + messageText
			return head("POST /messages", from) + fmt.Sprintf("Accept: text/html\r\nHX-Request: true\r\n"+
				"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(form), form)
		},
	}
}
