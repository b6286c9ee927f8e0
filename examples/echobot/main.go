// Command echobot repeats what others post in a room. It shows how a program loses no message and posts none twice,
// whatever fails: it reconnects with its cursor, and each of its messages has a key. It needs the token of a bot.
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

// bot is a client that follows the events of one room and repeats the messages of others.
type bot struct {
	url, room string
	userID    int64
	cursor    string        // the last change that was handled; empty at first
	retry     time.Duration // how long to wait before reconnecting
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

// errAccessRevoked means that the token is no longer valid, or that the bot was removed from the room. The program ends
// after this error.
var errAccessRevoked = errors.New("access revoked")

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
		log.Print("disconnected: ", err)
		time.Sleep(b.retry)
	}
}

// follow opens the event stream and handles its events until the connection ends or an event cannot be handled.
func (b *bot) follow() error {
	if err := b.fetchUserID(); err != nil {
		return err
	}
	ctx, disconnect := context.WithCancel(context.Background())
	defer disconnect()
	r, err := b.request(ctx, http.MethodGet, "/events?room="+b.room, nil)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	log.Print("following room ", b.room)
	watchdog := time.AfterFunc(heartbeatTimeout, disconnect)
	lines := bufio.NewReader(r.Body)
	for e := (event{}); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		watchdog.Reset(heartbeatTimeout)
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

// heartbeatTimeout is how long the stream may be silent before the bot reconnects. The server sends something at least
// every 15 seconds.
const heartbeatTimeout = 45 * time.Second

// event is one event of an event stream (text/event-stream). The fields have the names that the format gives them.
type event struct{ name, id, data, retry string }

// parseLine adds one line of the stream to the event. It ignores comments and unknown fields.
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

// handleEvent handles an event and then stores the event's id as the cursor. If handling fails, the cursor does not
// change, so that the server sends the event again after the bot has reconnected.
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

// catchUp reads the missed messages page by page, repeats them in the room and moves the cursor behind them. The bot
// needs this when it missed more than 500 changes, because the stream does not send so many again.
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

// echo posts the text of a message again. It retries until the message is posted or the bot has lost access. The
// request has a key, so that the message is posted only once, however often it is sent. Messages of bots are ignored,
// because two echo bots would answer each other forever.
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
		log.Print("post failed: ", err)
		if errors.Is(err, errAccessRevoked) {
			return err
		}
		if status, ok := errors.AsType[statusError](err); ok && !status.isTemporary() {
			return nil
		}
		time.Sleep(time.Second)
	}
}

// fetchUserID asks the server for the user id of the bot.
func (b *bot) fetchUserID() error {
	var chat struct{ Me struct{ ID int64 } }
	err := b.get("/chat", &chat)
	b.userID = chat.Me.ID
	return err
}

// get sends a GET request and decodes the JSON response into v.
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

// statusError is an HTTP status that means failure, as an error.
type statusError int

func (r statusError) Error() string { return fmt.Sprintf("%d %s", int(r), http.StatusText(int(r))) }

// isTemporary reports whether the same request may succeed later.
func (r statusError) isTemporary() bool { return r == http.StatusTooManyRequests || r >= 500 }

// request sends a request and returns the response. It returns a statusError if the status does not mean success. The
// caller must close the body of the response.
func (b *bot) request(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, b.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/event-stream, application/json")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Last-Event-ID", b.cursor)
	r.Header.Set("Authorization", "Bearer "+os.Getenv("CHARLA_TOKEN"))
	response, err := http.DefaultClient.Do(r)
	if err != nil || response.StatusCode < 300 {
		return response, err
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	if response.StatusCode == http.StatusUnauthorized || method == http.MethodGet &&
		response.StatusCode == http.StatusNotFound {
		return nil, errAccessRevoked
	}
	return nil, statusError(response.StatusCode)
}
