package main

import (
	"bufio"
	"charla/handlers/web"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"charla/chat"
	"charla/live"
)

// maxSeedUsers bounds one run: more people than one machine can hold streams for.
const maxSeedUsers = 1_000_000

// seedCount reads the number that follows the word seed.
func seedCount(args []string) (int, error) {
	if len(args) > 0 {
		if n, err := strconv.Atoi(args[0]); err == nil && n > 0 && n <= maxSeedUsers {
			return n, nil
		}
	}
	return 0, errors.New("seed needs a number of people, such as: charla seed 1000")
}

// seed makes n people with sessions and prints a line for each: their id, and the cookie as a Cookie header sends it. On
// SQLite the server must not run meanwhile. Whoever reads the lines can act as these people.
func seed(n int) func(context.Context, config, io.Writer) error {
	return func(ctx context.Context, c config, stdout io.Writer) error {
		store, err := openDatabase(ctx, c)
		if err != nil {
			return err
		}
		defer store.Close()
		lines, cookie := bufio.NewWriter(stdout), web.CookieName(c.usesHTTPS())
		service := chat.NewService(chat.Options{Store: store, Events: live.NewHub(store), TimeZone: c.timezone})
		err = service.SeedUsers(ctx, n, func(by chat.User, token string) error {
			_, err := fmt.Fprintf(lines, "%d %s=%s\n", by.ID, cookie, token)
			return err
		})
		return errors.Join(err, lines.Flush())
	}
}
