// Echobot says again what others say in a room. It shows what a program has to do so that nothing is lost and nothing
// is said twice, whatever breaks: it comes back with its cursor, and each answer has a key. Its token is that of a bot.
//
//	CHARLA_URL=https://chat.example.org CHARLA_TOKEN=charla_… go run ./examples/echobot 1
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// bot is one person in one room.
type bot struct {
	url, room string
	userID    int64
	cursor    string        // the last change that was dealt with; empty at first
	retry     time.Duration // how long to wait before coming back
}

type message struct {
	ID   int64
	Seq  int64
	Body string
	From struct {
		ID  int64
		Bot bool
	}
}

// errAccessRevoked is the end of a bot that is not let in any more.
var errAccessRevoked = errors.New("not let in")

func main() {
	b := &bot{url: cmp.Or(os.Getenv("CHARLA_URL"), "http://127.0.0.1:8080"), room: "1"}
	if len(os.Args) > 1 {
		b.room = os.Args[1]
	}
	for {
		b.retry = time.Second
		err := b.follow()
		if errors.Is(err, errAccessRevoked) {
			log.Fatal(err)
		}
		log.Print("away: ", err)
		time.Sleep(b.retry)
	}
}

// follow reads the stream until it ends.
func (b *bot) follow() error {
	if err := b.fetchUserID(); err != nil {
		return err
	}
	ctx, hangUp := context.WithCancel(context.Background())
	defer hangUp()
	r, err := b.request(ctx, http.MethodGet, "/events?room="+b.room, nil)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	log.Print("following room ", b.room)
	silence := time.AfterFunc(heartbeatTimeout, hangUp)
	lines := bufio.NewReader(r.Body)
	for e := (event{}); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		silence.Reset(heartbeatTimeout)
		if line != "\n" {
			e.parseLine(strings.TrimSuffix(line, "\n"))
			continue
		}
		if err := b.handleEvent(e); err != nil {
			return err
		}
		e = event{}
	}
}

// heartbeatTimeout is how long a living stream may be silent: it gives a sign of life every 15 seconds.
const heartbeatTimeout = 45 * time.Second

// event is one event of a text/event-stream.
type event struct{ name, id, data, retry string }

// parseLine takes one line of an event. A line of no field, such as a comment, is nothing.
func (e *event) parseLine(line string) {
	field, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch field {
	case "event":
		e.name = value
	case "id":
		e.id = value
	case "data":
		e.data += value
	case "retry":
		e.retry = value
	}
}

// handleEvent deals with an event, and only then moves the cursor: what was not dealt with comes again.
func (b *bot) handleEvent(e event) error {
	switch e.name {
	case "message":
		var m message
		if err := json.Unmarshal([]byte(e.data), &m); err != nil {
			return err
		}
		if err := b.echo(m); err != nil {
			return err
		}
	case "resync":
		return b.catchUp()
	case "restart":
		if ms, err := strconv.Atoi(e.retry); err == nil {
			b.retry = time.Duration(ms) * time.Millisecond
		}
	case "bye":
		return errAccessRevoked
	}
	b.cursor = cmp.Or(e.id, b.cursor)
	return nil
}

// catchUp reads what the stream would not tell: more than 500 changes were missed.
func (b *bot) catchUp() error {
	for next := "/messages?room=" + b.room + "&after=" + b.cursor; next != ""; {
		var page struct {
			Messages []message
			Cursor   int64
			Next     string
		}
		if err := b.get(next, &page); err != nil {
			return err
		}
		for _, m := range page.Messages {
			if err := b.echo(m); err != nil {
				return err
			}
			b.cursor = strconv.FormatInt(m.Seq, 10)
		}
		if next = page.Next; next == "" {
			b.cursor = strconv.FormatInt(page.Cursor, 10)
		}
	}
	return nil
}

// echo says a message of somebody else again. It tries until it knows: with its key it is said once, however often it is
// sent, or is not let in any more. Bots are left alone, or two of them would never stop.
func (b *bot) echo(m message) error {
	if m.From.ID == b.userID || m.From.Bot || m.Body == "" {
		return nil
	}
	text, _ := json.Marshal(map[string]string{"room": b.room, "body": m.Body, "key": fmt.Sprint("echo-", m.ID)})
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		r, err := b.request(ctx, http.MethodPost, "/messages", text)
		cancel()
		if err == nil {
			r.Body.Close()
			return nil
		}
		log.Print("not said: ", err)
		if errors.Is(err, errAccessRevoked) {
			return err
		}
		if refused, ok := errors.AsType[statusError](err); ok && !refused.isTemporary() {
			return nil
		}
		time.Sleep(time.Second)
	}
}

func (b *bot) fetchUserID() error {
	var chat struct{ Me struct{ ID int64 } }
	err := b.get("/chat", &chat)
	b.userID = chat.Me.ID
	return err
}

// get reads JSON.
func (b *bot) get(path string, v any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := b.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	return json.NewDecoder(r.Body).Decode(v)
}

// statusError is the status of an answer that is none of those hoped for.
type statusError int

func (r statusError) Error() string { return fmt.Sprintf("%d %s", int(r), http.StatusText(int(r))) }

// isTemporary tells whether the same may be taken later.
func (r statusError) isTemporary() bool { return r == http.StatusTooManyRequests || r >= 500 }

// request sends a request. The caller closes the body of the answer, which is one of success.
func (b *bot) request(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, b.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/event-stream, application/json")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Last-Event-ID", b.cursor)
	r.Header.Set("Authorization", "Bearer "+os.Getenv("CHARLA_TOKEN"))
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode < 300 {
		return answer, err
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	if answer.StatusCode == http.StatusUnauthorized || method == http.MethodGet && answer.StatusCode == http.StatusNotFound {
		return nil, errAccessRevoked
	}
	return nil, statusError(answer.StatusCode)
}
