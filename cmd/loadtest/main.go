//go:build linux

// Command loadtest measures a Charla server on the same machine. It opens many authenticated event streams, posts
// messages, and reports which of them arrived, how late, and what that cost the server.
//
//	charla seed 1000 >people                    (with SQLite while the server is stopped)
//	CHARLA_RATE=0 charla &
//	loadtest -people people -streams 1000 -burst 200 -reference
//
// The program shares the machine with the server, so it must be cheap: one goroutine reads all streams through epoll
// into one buffer and looks only for the marks of its own messages. Only ratios measured in one run on an idle
// machine are meaningful. With -reference the same load runs against a minimal net/http server that stores nothing,
// with -reference-store against one that inserts each message into a database before it answers.
//
// The number of streams is limited by open files and by ports. This program raises its own limit of open files; the
// server needs the same limit (ulimit -n). Streams come from several loopback addresses, because one address has too
// few ports.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run does the work of main with explicit arguments and files, so that tests can call it. It returns the exit code: 0
// for success, 1 for a failed or bad measurement, 2 for invalid arguments.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p, err := parsePlan(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "loadtest:", err)
		return 2
	}
	if p.serveReference {
		err = serveReference(p, stdin, stdout)
	} else {
		err = compare(p, stdin, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "loadtest:", err)
		return 1
	}
	return 0
}

// compare measures Charla and the reference servers of the plan, and prints a table of the results.
func compare(p plan, stdin io.Reader, stdout, stderr io.Writer) error {
	if err := raiseFileLimit(p.streams); err != nil {
		return err
	}
	people, err := readUsers(p.usersFile, stdin, p.streams)
	if err != nil {
		return err
	}
	target := charlaTarget(p, people)
	if target.pid, err = serverPID(p); err != nil {
		return err
	}
	before := loadAverage()
	var runs [][]result
	var verdicts []error
	for range p.runs {
		results, err := measureAll(p, target, stderr)
		if err != nil {
			return err
		}
		runs, verdicts = append(runs, results), append(verdicts, results[0].verdict())
	}
	fmt.Fprintf(stdout, "load average %s before, %s after\n", before, loadAverage())
	printTable(stdout, runs)
	printExpectation(stdout, p, runs)
	if p.restart > 0 {
		if err := measureRestart(p, target, runs[len(runs)-1][0].prefix, stdout, stderr); err != nil {
			return err
		}
	}
	return errors.Join(verdicts...)
}

// measureAll measures Charla and then the reference servers of the plan. The result of Charla is the first.
func measureAll(p plan, charla target, stderr io.Writer) ([]result, error) {
	first, err := measure(p, charla, "")
	if err != nil {
		return nil, err
	}
	results := []result{first}
	for _, kind := range p.references() {
		reference, err := measureReference(p, kind, first, stderr)
		if err != nil {
			return nil, err
		}
		results = append(results, reference)
	}
	return results, nil
}
