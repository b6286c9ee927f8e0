// Charla is a self-hosted chat for a community. This command reads the configuration, wires the packages and serves.
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

// run is main with its world as arguments. It returns the exit code: 0, 1 for a failure, 2 for a wrong setting.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && strings.TrimLeft(args[0], "-") == "version" {
		fmt.Fprintln(stdout, "charla", versionString())
		return 0
	}
	work := serve
	if len(args) > 0 && args[0] == "seed" {
		n, err := seedCount(args[1:])
		if err != nil {
			fmt.Fprintln(stderr, "charla:", err)
			return 2
		}
		work, args = seed(n), args[2:]
	}
	if len(args) > 0 && args[0] == "rotate-keys" {
		work, args = rotateKeys, args[1:]
	}
	config, err := loadConfig(args, environ, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "charla:", err)
		return 2
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(stderr, nil)))
	if err := work(ctx, config, stdout); err != nil {
		fmt.Fprintln(stderr, "charla:", err)
		return 1
	}
	return 0
}
