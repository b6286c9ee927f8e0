//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"time"
)

// plan is what one run does.
type plan struct {
	addr           netip.AddrPort // the server, on this machine
	usersFile      string         // the file with the lines of charla seed; - for standard input
	streams        int
	pairs          bool    // people talk two by two, not all in General
	rate           float64 // messages a second
	duration       time.Duration
	burst          int
	idle           time.Duration
	restart        int
	pid            int
	reference      bool
	serveReference bool
}

// Bounds of a run: a wrong number must not fill the disk of the machine or run all night.
const (
	maxStreams  = 50_000
	maxMessages = 500_000
	maxDuration = 10 * time.Minute
)

// messages is how many the run posts.
func (p plan) messages() int {
	if p.burst > 0 {
		return p.burst
	}
	return int(p.rate * p.duration.Seconds())
}

// readers is how many streams get each message.
func (p plan) readers() int {
	if p.pairs {
		return 2
	}
	return p.streams
}

func parsePlan(args []string, usage io.Writer) (p plan, err error) {
	flags := flag.NewFlagSet("charla-load", flag.ContinueOnError)
	flags.SetOutput(usage)
	at := flags.String("url", "http://127.0.0.1:8080", "the server; on this machine only")
	flags.StringVar(&p.usersFile, "people", "-", "the file with the lines of charla seed; - for standard input")
	flags.IntVar(&p.streams, "streams", 100, "how many streams to open, one for each person")
	flags.BoolVar(&p.pairs, "pairs", false, "people talk two by two; otherwise all talk in General")
	flags.Float64Var(&p.rate, "rate", 0, "messages a second")
	flags.DurationVar(&p.duration, "for", 10*time.Second, "how long to post at the rate")
	flags.IntVar(&p.burst, "burst", 0, "so many messages as fast as they are taken, in place of a rate")
	flags.DurationVar(&p.idle, "idle", 0, "how long to watch the streams doing nothing, before the messages")
	flags.IntVar(&p.restart, "restart", 0, "afterwards wait for the server to be restarted, and measure until all are back, each lacking so many messages")
	flags.IntVar(&p.pid, "pid", 0, "the server's process; found by its socket when 0")
	flags.BoolVar(&p.reference, "reference", false, "then run the same against a bare net/http server and print ratios")
	flags.BoolVar(&p.serveReference, "serve-reference", false, "be that bare server until standard input ends")
	if err := flags.Parse(args); err != nil {
		return p, err
	}
	if p.addr, err = loopback(*at); err != nil {
		return p, err
	}
	return p, p.check(flags.Args())
}

func (p plan) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no flag", rest[0])
	case p.streams < 2 || p.streams > maxStreams:
		return fmt.Errorf("-streams must be 2 to %d", maxStreams)
	case p.rate < 0 || p.burst < 0 || p.rate > 0 && p.burst > 0:
		return errors.New("give a -rate or a -burst")
	case p.duration <= 0 || p.duration > maxDuration || p.idle < 0 || p.idle > maxDuration:
		return fmt.Errorf("-for and -idle must be at most %v", maxDuration)
	case p.messages() > maxMessages:
		return fmt.Errorf("at most %d messages", maxMessages)
	case p.pairs && p.streams%2 != 0:
		return errors.New("pairs need an even number of -streams")
	case p.restart < 0 || p.restart > 200 || p.restart > 0 && (p.pairs || p.messages() < p.restart):
		return errors.New("-restart needs General and takes 1 to 200 messages, all posted in the same run")
	}
	return nil
}

// loopback refuses every server that is not on this machine: this program must not be aimed at others.
func loopback(at string) (netip.AddrPort, error) {
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "http" || u.Port() == "" {
		return netip.AddrPort{}, errors.New("-url must be http://127.0.0.1:PORT")
	}
	host := u.Hostname()
	if host == "localhost" {
		host = "127.0.0.1"
	}
	addr, err := netip.ParseAddrPort(host + ":" + u.Port())
	if err != nil || !addr.Addr().Is4() || !addr.Addr().IsLoopback() {
		return netip.AddrPort{}, fmt.Errorf("-url must be on this machine (127.0.0.1), not %s", u.Host)
	}
	return addr, nil
}
