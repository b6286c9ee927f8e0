package main

import (
	"runtime/debug"

	"charla/chat"
)

// versionString returns the version of Charla and the commit it was built from, such as "0.1.0-dev (3f2a…)". A binary
// built outside of a Git checkout, or by go run, has no commit.
func versionString() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return chat.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return chat.Version + " (" + s.Value + ")"
		}
	}
	return chat.Version
}
