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

// run does the work of main with explicit arguments and streams, so that tests can call it. It returns the exit code: 0
// for success, 1 for a failure, 2 for wrong arguments or settings.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	switch {
	case len(args) == 0:
	case strings.TrimLeft(args[0], "-") == "version":
		fmt.Fprintln(stdout, "charla", versionString())
		return 0
	case args[0] == "help":
		printHelp(stdout)
		return 0
	}
	cmd, args, err := findCommand(args)
	if err != nil {
		fmt.Fprintf(stderr, "charla: %v. The commands are:\n\n", err)
		printCommands(stderr)
		return 2
	}
	c, in, err := loadConfig(cmd, args, environ)
	if errors.Is(err, flag.ErrHelp) {
		printHelp(stdout)
		return 0
	}
	if err != nil {
		return fail(stderr, cmd, err, 2)
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(stderr, nil)))
	in.stdout, in.stderr = stdout, stderr
	if err := cmd.run(ctx, c, in); err != nil {
		return fail(stderr, cmd, err, 1)
	}
	return 0
}

// fail prints an error and returns the exit code: 2 for wrong arguments, with the usage of the command, otherwise code.
func fail(stderr io.Writer, cmd command, err error, code int) int {
	fmt.Fprintln(stderr, "charla:", err)
	if _, wrong := errors.AsType[usageError](err); wrong {
		fmt.Fprintln(stderr, "usage:", cmd.usage())
		return 2
	}
	return code
}
