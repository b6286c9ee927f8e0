package handlers

import (
	"time"

	"charla/live"
)

// OwnPath is ownPath, for the fuzzer.
var OwnPath = ownPath

// Served lists what the router answers, as "METHOD /path".
func (s *Server) Served() []string {
	var served []string
	for _, r := range s.echo.Routes() {
		served = append(served, r.Method+" "+r.Path)
	}
	return served
}

// Hurry makes the server less patient with files, before its first request.
func (s *Server) Hurry(silence time.Duration, slowest int64) {
	s.patience.silence, s.patience.slowest = silence, slowest
}

// Told writes events for programs.
var Told live.Encoder = told{}
