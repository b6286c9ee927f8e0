//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// restartTimeout is how long the operator has to stop the server and start it again.
const restartTimeout = 2 * time.Minute

// measureRestart opens the streams, waits until the operator has restarted the server, and opens the streams again. It
// prints how long it takes until all are open and have received the messages that they missed. To miss messages, the
// streams ask for everything after a cursor that lies p.restart messages back. All streams reconnect at once, without
// the delay that the server asks browsers for.
func measureRestart(p plan, to target, prefix string, stdout, stderr io.Writer) error {
	cursor, err := cursorBefore(p, to)
	if err != nil {
		return err
	}
	if err := waitForDisconnect(p, to, stderr); err != nil {
		return err
	}
	if !waitUntil(restartTimeout, func() bool { return isListening(p) }) {
		return errors.New("the server was not restarted in time")
	}
	start := time.Now()
	events := to.eventsRequest
	to.eventsRequest = func(i int) string {
		return strings.Replace(events(i), "room=1", fmt.Sprintf("room=1&after=%d", cursor), 1)
	}
	c, err := newStreamGroup(p, to, prefix)
	if err != nil {
		return err
	}
	defer c.close()
	opened, err := c.openAll()
	if err != nil {
		return err
	}
	lacked := int64(p.streams * p.restart)
	if !waitUntil(openTimeout, func() bool { return c.delivered.Load() >= lacked }) {
		return fmt.Errorf("only %d of %d missed messages arrived", c.delivered.Load(), lacked)
	}
	fmt.Fprintf(stdout, "%-33s%11.0f\n%-33s%11.0f\n", "after a restart open, ms", milliseconds(opened),
		"and caught up, ms", milliseconds(time.Since(start)))
	return nil
}

// waitForDisconnect opens streams and waits until the server has closed all of them.
func waitForDisconnect(p plan, to target, stderr io.Writer) error {
	c, err := newStreamGroup(p, to, newPrefix())
	if err != nil {
		return err
	}
	defer c.close()
	if _, err := c.openAll(); err != nil {
		return err
	}
	fmt.Fprintln(stderr, "restart the server now")
	if !waitUntil(restartTimeout, func() bool { return int(c.disconnected.Load()) == p.streams }) {
		return fmt.Errorf("only %d of %d streams ended", c.disconnected.Load(), p.streams)
	}
	return nil
}

func isListening(p plan) bool {
	conn, err := net.Dial("tcp", p.addr.String())
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// cursorBefore returns the cursor with which a stream receives the newest p.restart messages of General.
func cursorBefore(p plan, to target) (int64, error) {
	path := fmt.Sprintf("/messages?room=1&limit=%d", p.restart)
	request := strings.Replace(to.eventsRequest(0), "/events?room=1", path, 1)
	request = strings.Replace(request, "text/event-stream", "application/json", 1)
	l, err := newConnection(to.addr)
	if err != nil {
		return 0, err
	}
	defer l.close()
	if _, err := io.WriteString(l.conn, request); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(l.reader, nil)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var history struct{ Messages []struct{ Seq int64 } }
	if err := json.NewDecoder(answer.Body).Decode(&history); err != nil {
		return 0, err
	}
	if len(history.Messages) < p.restart {
		return 0, fmt.Errorf("only %d messages are in General", len(history.Messages))
	}
	return history.Messages[0].Seq - 1, nil
}
