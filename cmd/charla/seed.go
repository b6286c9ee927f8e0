package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"charla/chat"
	"charla/handlers/web"
	"charla/live"
)

// maxSeedUsers is the largest number of users that one run creates. One machine cannot serve the streams of more users.
const maxSeedUsers = 1_000_000

// seedCount returns how many users to create, according to the arguments after "seed".
func seedCount(args []string) (int, error) {
	if len(args) > 0 {
		if n, err := strconv.Atoi(args[0]); err == nil && n > 0 && n <= maxSeedUsers {
			return n, nil
		}
	}
	return 0, errors.New("seed needs a number of users, such as: charla seed 1000")
}

// seed returns a command that creates n users with sessions. It prints one line per user: the user's id and the session
// cookie as in a Cookie header. With these lines anybody can act as the users. With SQLite the server must be stopped
// first.
func seed(n int) func(context.Context, config, io.Writer) error {
	return func(ctx context.Context, c config, stdout io.Writer) error {
		store, err := openDatabase(ctx, c)
		if err != nil {
			return err
		}
		defer store.Close()
		lines, cookie := bufio.NewWriter(stdout), web.CookieName(c.usesHTTPS())
		service := chat.NewService(chat.Options{Store: store, Events: live.NewHub(store), TimeZone: c.timezone})
		err = service.SeedUsers(ctx, n, func(user chat.User, token string) error {
			_, err := fmt.Fprintf(lines, "%d %s=%s\n", user.ID, cookie, token)
			return err
		})
		return errors.Join(err, lines.Flush())
	}
}
