package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"

	"charla/chat"
	"charla/handlers/web"
	"charla/live"
)

// maxSeedUsers is the largest number of users that one run creates. One machine cannot serve the streams of more users.
const maxSeedUsers = 1_000_000

// seed creates as many users with sessions as its argument says. It prints one line per user: the user's id and the
// session cookie as in a Cookie header. With these lines anybody can act as the users. It refuses a database that has
// people, unless it is forced. With SQLite the server must be stopped first.
func seed(ctx context.Context, c config, in invocation) error {
	n, err := strconv.Atoi(in.argument)
	if err != nil || n < 1 || n > maxSeedUsers {
		return usageError(fmt.Sprintf("seed needs a number from 1 to %d, such as: charla seed 1000", maxSeedUsers))
	}
	store, err := openDatabase(ctx, c)
	if err != nil {
		return err
	}
	defer store.Close()
	users, err := store.AllUsers(ctx, "", 0, 1)
	if err != nil {
		return err
	}
	if len(users) > 0 && !in.force {
		return errors.New("this database already has people, and seed is a tool for load tests: " +
			"use an empty database, or add --force to create invented people among them")
	}
	lines, cookie := bufio.NewWriter(in.stdout), web.CookieName(c.usesHTTPS())
	service := chat.NewService(chat.Options{Store: store, Events: live.NewHub(store), TimeZone: c.timezone})
	err = service.SeedUsers(ctx, n, func(user chat.User, token string) error {
		_, err := fmt.Fprintf(lines, "%d %s=%s\n", user.ID, cookie, token)
		return err
	})
	return errors.Join(err, lines.Flush())
}
