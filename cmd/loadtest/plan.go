//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"time"
)

// plan holds the arguments of the command: which server to measure, with how many streams and messages, and for how
// long.
type plan struct {
	addr           netip.AddrPort // of the server, which must run on this machine
	usersFile      string         // the output of charla seed; "-" for standard input
	streams        int
	pairs          bool    // every two users have a direct conversation; otherwise all are in General
	rate           float64 // messages per second
	duration       time.Duration
	burst          int
	idle           time.Duration
	restart        int
	pid            int
	runs           int    // how often to measure, each time all servers one after the other
	reference      bool   // also measure a server that stores nothing
	referenceStore bool   // also measure a server that stores each message
	serveReference bool   // run as a reference server
	databaseURL    string // of PostgreSQL for -reference-store; empty for SQLite
}

// Limits of a run, so that a mistyped argument does not fill the disk or run for hours.
const (
	maxStreams  = 50_000
	maxMessages = 500_000
	maxDuration = 10 * time.Minute
	maxRuns     = 20
)

// messages returns how many messages the run posts: the burst, or as many as the rate gives in the duration.
func (p plan) messages() int {
	if p.burst > 0 {
		return p.burst
	}
	return int(p.rate * p.duration.Seconds())
}

// readers returns how many streams receive each message: both users of a pair, or all users of General.
func (p plan) readers() int {
	if p.pairs {
		return 2
	}
	return p.streams
}

func parsePlan(args []string, usage io.Writer) (p plan, err error) {
	flags := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	flags.SetOutput(usage)
	at := flags.String("url", "http://127.0.0.1:8080", "the URL of the server, which must run on this machine")
	flags.StringVar(&p.usersFile, "people", "-", "the file with the output of charla seed; - for standard input")
	flags.IntVar(&p.streams, "streams", 100, "the number of streams to open, one per person")
	flags.BoolVar(&p.pairs, "pairs", false,
		"let every two people have a direct conversation, instead of all in General")
	flags.Float64Var(&p.rate, "rate", 0, "the number of messages to post per second")
	flags.DurationVar(&p.duration, "for", 10*time.Second, "how long to post at the rate")
	flags.IntVar(&p.burst, "burst", 0, "post this number of messages as fast as possible, instead of at a rate")
	flags.DurationVar(&p.idle, "idle", 0, "how long to measure idle streams before posting")
	flags.IntVar(&p.restart, "restart", 0,
		"then wait until the server was restarted, and measure reconnects with this number of missed messages")
	flags.IntVar(&p.pid, "pid", 0, "the process id of the server; 0 to find it by its port")
	flags.BoolVar(&p.reference, "reference", false,
		"also measure a minimal net/http server that stores nothing, and print ratios")
	flags.BoolVar(&p.referenceStore, "reference-store", false,
		"also measure a minimal net/http server that inserts each message into SQLite in TMPDIR, or into PostgreSQL "+
			"at DATABASE_URL, and print ratios")
	flags.IntVar(&p.runs, "runs", 1, "measure all servers this often, in turn, and print medians and spreads")
	flags.BoolVar(&p.serveReference, "serve-reference", false,
		"run as such a minimal server until standard input is closed")
	if err := flags.Parse(args); err != nil {
		return p, err
	}
	p.databaseURL = os.Getenv("DATABASE_URL")
	if p.addr, err = loopback(*at); err != nil {
		return p, err
	}
	return p, p.check(flags.Args())
}

func (p plan) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case p.streams < 2 || p.streams > maxStreams:
		return fmt.Errorf("-streams must be from 2 to %d", maxStreams)
	case p.rate < 0 || p.burst < 0 || p.rate > 0 && p.burst > 0:
		return errors.New("-rate and -burst must not be negative and exclude each other")
	case p.duration <= 0 || p.duration > maxDuration || p.idle < 0 || p.idle > maxDuration:
		return fmt.Errorf("-for and -idle must be at most %v", maxDuration)
	case p.messages() > maxMessages:
		return fmt.Errorf("the run posts more than %d messages", maxMessages)
	case p.pairs && p.streams%2 != 0:
		return errors.New("-pairs requires an even number of -streams")
	case p.runs < 1 || p.runs > maxRuns:
		return fmt.Errorf("-runs must be from 1 to %d", maxRuns)
	case p.restart < 0 || p.restart > 200 || p.restart > 0 && (p.pairs || p.messages() < p.restart):
		return errors.New("-restart must be from 1 to 200, at most the number of messages, and without -pairs")
	}
	return nil
}

// loopback parses the argument of -url and returns the address of the server. It returns an error if the server is on
// another machine, so that this program cannot be used to attack one.
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
