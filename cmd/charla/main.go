// Command charla runs Charla, a self-hosted chat for a community. It reads the configuration, connects the packages
// and serves; other subcommands do administrative work.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// command is the function that executes a subcommand, with the configuration that was loaded for it.
type command func(ctx context.Context, c config, stdout io.Writer) error

// run does the work of main with explicit arguments and streams, so that tests can call it. It returns the exit code: 0
// for success, 1 for a failure, 2 for wrong arguments or settings.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && strings.TrimLeft(args[0], "-") == "version" {
		fmt.Fprintln(stdout, "charla", versionString())
		return 0
	}
	execute, args, err := parseCommand(args)
	if err != nil {
		fmt.Fprintln(stderr, "charla:", err)
		return 2
	}
	c, err := loadConfig(args, environ, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "charla:", err)
		return 2
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(stderr, nil)))
	if err := execute(ctx, c, stdout); err != nil {
		fmt.Fprintln(stderr, "charla:", err)
		return 1
	}
	return 0
}

// parseCommand returns the subcommand that the arguments begin with, or serve if they begin with none. It also returns
// the remaining arguments, which are flags.
func parseCommand(args []string) (command, []string, error) {
	if len(args) == 0 {
		return serve, args, nil
	}
	switch args[0] {
	case "seed":
		n, err := seedCount(args[1:])
		if err != nil {
			return nil, nil, err
		}
		return seed(n), args[2:], nil
	case "rotate-keys":
		return rotateKeys, args[1:], nil
	}
	return serve, args, nil
}
