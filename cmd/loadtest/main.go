//go:build linux

// Charla-load measures a Charla on this machine: it opens many signed-in event streams, posts messages, and reports what
// arrived, how late, and what it cost the server.
//
//	charla seed 1000 >people                    (while the server stands still, on SQLite)
//	CHARLA_RATE=0 charla &
//	charla-load -people people -streams 1000 -burst 200 -reference
//
// The program shares the machine with the server, so it is made cheap: one goroutine reads all streams through epoll, by
// read(2) into one buffer, and looks only for the marks of its own messages. Only ratios measured in one run on a quiet
// machine mean anything; -reference runs the same load against a bare net/http server that stores nothing.
//
// Two things bound the number of streams: open files, which this program raises for itself and the server must be
// allowed too (ulimit -n; Go takes all it is allowed), and the ports of one address, so streams come from several
// loopback addresses.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is main with its world as arguments. It returns 0, 1 for a failed or a bad measurement, 2 for wrong arguments.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p, err := parsePlan(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "charla-load:", err)
		return 2
	}
	if p.serveReference {
		err = serveReference(stdin, stdout)
	} else {
		err = compare(p, stdin, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "charla-load:", err)
		return 1
	}
	return 0
}

// compare measures Charla, the reference too where asked for, and prints the table.
func compare(p plan, stdin io.Reader, stdout, stderr io.Writer) error {
	if err := raiseFileLimit(p.streams); err != nil {
		return err
	}
	people, err := readUsers(p.usersFile, stdin, p.streams)
	if err != nil {
		return err
	}
	site := charlaTarget(p, people)
	if site.pid, err = serverPID(p); err != nil {
		return err
	}
	before := loadAverage()
	product, err := measure(p, site, "")
	if err != nil {
		return err
	}
	results := []result{product}
	if p.reference {
		bare, err := measureReference(p, product, stderr)
		if err != nil {
			return err
		}
		results = append(results, bare)
	}
	fmt.Fprintf(stdout, "load average %s before, %s after\n", before, loadAverage())
	printTable(stdout, results)
	if p.restart > 0 {
		if err := measureRestart(p, site, product.prefix, stdout, stderr); err != nil {
			return err
		}
	}
	return product.verdict()
}
