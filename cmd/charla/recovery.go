package main

import (
	"context"
	"fmt"
	"net"

	"charla/chat"
	"charla/db"
	"charla/live"
)

// withService opens the database beside a running server and calls f with a service that uses it. The server's requests
// and polls see what f commits. Errors of opening begin with the name of the setting that selects the database.
func withService(ctx context.Context, c config, f func(*chat.Service) error) error {
	store, err := openBesideServer(ctx, c)
	if err != nil {
		return err
	}
	defer store.Close()
	return f(chat.NewService(chat.Options{Store: store, Events: live.NewHub(store), TimeZone: c.timezone}))
}

// openBesideServer opens an existing database without migrating it.
func openBesideServer(ctx context.Context, c config) (*db.Store, error) {
	if c.databaseURL == "" {
		store, err := db.OpenExistingSQLite(ctx, c.data)
		return store, sqliteError(c, err)
	}
	store, err := db.OpenExistingPostgres(ctx, c.databaseURL)
	return store, postgresError(err)
}

// makeAdmin makes the person with an e-mail address an admin. Their open pages can do what admins can at once.
func makeAdmin(ctx context.Context, c config, in invocation) error {
	if err := checkAddress(in.argument); err != nil {
		return err
	}
	return withService(ctx, c, func(service *chat.Service) error {
		user, err := service.MakeAdminByEmail(ctx, in.argument)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(in.stdout, "%s (%s) is an admin.\n", user.Name, user.Email)
		return err
	})
}

// printResetLink prints a link with which the person with an e-mail address chooses a new password. The link is the
// only line on standard output.
func printResetLink(ctx context.Context, c config, in invocation) error {
	if err := checkAddress(in.argument); err != nil {
		return err
	}
	return withService(ctx, c, func(service *chat.Service) error {
		user, token, err := service.CreateResetLink(ctx, in.argument)
		if err != nil {
			return err
		}
		base := linkBase(c)
		if c.baseURL == nil {
			fmt.Fprintln(in.stderr, "CHARLA_BASE_URL is not set, so this link begins with the address on which Charla "+
				"listens. From another machine, replace its beginning with the address that people type.")
		}
		fmt.Fprintf(in.stderr, "With this link %s (%s) can choose a new password. It works once, for one hour:\n",
			user.Name, user.Email)
		_, err = fmt.Fprintf(in.stdout, "%s/reset/%s\n", base, token)
		return err
	})
}

// linkBase returns the beginning of links that a command prints: the base URL if it is set, and otherwise the address
// on which Charla listens.
func linkBase(c config) string {
	if c.baseURL != nil {
		return c.baseURL.Scheme + "://" + c.baseURL.Host
	}
	return localURL(c)
}

// checkAddress returns a usageError if an argument is not an e-mail address.
func checkAddress(address string) error {
	if _, _, err := chat.CleanEmail(address); err != nil {
		return usageError(fmt.Sprintf("%q is not an e-mail address", address))
	}
	return nil
}

// localURL returns the URL of a server with this configuration for browsers on this machine.
func localURL(c config) string {
	host, port, _ := net.SplitHostPort(c.addr)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	scheme := "http"
	if c.tls.enabled() {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
