package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// command is what charla does: run the server, or one of the subcommands.
type command struct {
	name     string
	argument string // the name of the argument that the command requires, such as ADDRESS; empty if it takes none
	force    string // what the flag --force allows, as a sentence; empty if the command does not have this flag
	help     string // one sentence
	run      func(context.Context, config, invocation) error
}

// commands lists the server and all subcommands, in the order of the help.
var commands = []command{
	{name: "serve", run: serve, help: "Run the server. The word serve may be left out."},
	{name: "admin", argument: "ADDRESS", run: makeAdmin,
		help: "Make the person with this e-mail address an admin."},
	{name: "setup-link", run: printSetupLink,
		help: "Print the link with which the owner of a new community makes the first account."},
	{name: "reset-password", argument: "ADDRESS", run: printResetLink,
		help: "Print a link with which the person with this e-mail address chooses a new password within an hour."},
	{name: "backup", argument: "FILE", run: backup, force: "Replace FILE if it exists.",
		help: "Write the database and all files into one archive, while the server runs."},
	{name: "rotate-keys", run: rotateKeys,
		help: "Sign the access tokens of programs with a new key."},
	{name: "seed", argument: "N", run: seed, force: "Create people in a database that already has some.",
		help: "Create N people with sessions in an empty database. " +
			"A tool for load tests: never use it for a community."},
}

// invocation is a call of a command.
type invocation struct {
	argument       string
	force          bool
	stdout, stderr io.Writer
}

// usageError is an error of wrong arguments. Charla prints the usage of the command with it, and its exit code is 2.
type usageError string

func (e usageError) Error() string { return string(e) }

// usage returns the line that shows how to call a command.
func (c command) usage() string {
	words := []string{"charla"}
	for _, word := range []string{c.name, c.argument} {
		if word != "" {
			words = append(words, word)
		}
	}
	if c.force != "" {
		words = append(words, "[--force]")
	}
	return strings.Join(append(words, "[settings]"), " ")
}

// findCommand returns the command that the arguments name, and the arguments after its name. Arguments that begin with
// a flag, or no arguments, mean serve.
func findCommand(args []string) (command, []string, error) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return commands[0], args, nil
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c, args[1:], nil
		}
	}
	return command{}, nil, fmt.Errorf("there is no command %q", args[0])
}

// parseArguments reads the arguments of a command: its own argument, and flags before or after it. It stores the
// settings among the flags in values. If the arguments ask for help, it returns flag.ErrHelp.
func (c command) parseArguments(args []string, values map[string]string) (in invocation, err error) {
	flags := flag.NewFlagSet("charla", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, o := range options {
		flags.Func(o.flagName(), o.help, func(v string) error { values[o.env] = v; return nil })
	}
	if c.force != "" {
		flags.BoolVar(&in.force, "force", false, c.force)
	}
	var words []string
	for rest := args; ; rest = rest[1:] {
		if err := flags.Parse(rest); err != nil {
			return in, parseError(err)
		}
		if rest = flags.Args(); len(rest) == 0 {
			break
		}
		words = append(words, rest[0])
	}
	switch {
	case c.argument == "" && len(words) > 0:
		return in, usageError(fmt.Sprintf("unexpected argument %q", words[0]))
	case c.argument != "" && len(words) != 1:
		return in, usageError(fmt.Sprintf("%s needs exactly one argument, %s", c.name, c.argument))
	case c.argument != "":
		in.argument = words[0]
	}
	return in, nil
}

// parseError returns the error of the flag package as a usageError, unless it asks for help.
func parseError(err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	return usageError(err.Error())
}

// printCommands prints how each command is called and what it does.
func printCommands(w io.Writer) {
	for _, c := range commands {
		fmt.Fprintf(w, "  %s\n      %s\n", c.usage(), c.help)
		if c.force != "" {
			fmt.Fprintf(w, "      --force: %s\n", c.force)
		}
	}
	fmt.Fprint(w, "  charla version\n      Print the version.\n  charla help\n      Print this help.\n")
}

// printHelp prints all commands and all settings.
func printHelp(w io.Writer) {
	fmt.Fprint(w, "Charla is a self-hosted chat for a community.\n\n")
	printCommands(w)
	fmt.Fprint(w, "\nEvery setting is an environment variable and a flag:\n\n")
	for _, o := range options {
		value := "not set"
		if o.defaultValue != "" {
			value = o.defaultValue
		}
		fmt.Fprintf(w, "  %-24s --%s\n      %s\n      default: %s\n", o.env, o.flagName(), o.help, value)
	}
}
