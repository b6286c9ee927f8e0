package handlers

import (
	"charla/handlers/stream"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"charla/live"
)

// The README's tables of addresses and of named events are those of the code.
func TestREADMEListsEveryRouteAndEvent(t *testing.T) {
	readme, err := os.ReadFile("../docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	events, err := os.ReadFile("../docs/stream.md")
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	for _, r := range (&Server{}).routes() {
		if !r.Asset {
			routes = append(routes, r.Label())
		}
	}
	compareLists(t, "addresses", matches(string(readme), "(?m)^\\| `((?:GET|POST|PUT|DELETE) [^`]+)` \\|"), routes)

	var wire strings.Builder
	for why := live.EndSlow; why <= live.EndResync; why++ {
		wire.Write(stream.HTMLEvents{}.End(why))
	}
	names := matches(wire.String(), "(?m)^event: (.+)$")
	var told, known []string
	for _, row := range matches(string(events), "(?m)^\\| ((?:`[a-z]+` ?)+)\\|") {
		told = append(told, strings.Fields(strings.ReplaceAll(row, "`", ""))...)
	}
	for name := range stream.Docs {
		known = append(known, name)
	}
	compareLists(t, "events", told, known)
	for _, name := range names {
		if _, described := stream.Docs[name]; !described {
			t.Errorf("the event %q is told and not described", name)
		}
	}
}

func matches(text, pattern string) []string {
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

func compareLists(t *testing.T, what string, told, real []string) {
	t.Helper()
	slices.Sort(told)
	slices.Sort(real)
	if !slices.Equal(told, real) {
		t.Errorf("the README tells the %s %q, the code has %q", what, told, real)
	}
}
