package handlers

import (
	"time"

	"charla/live"
)

// OwnPath is LocalPath, for the fuzzer.
var OwnPath = LocalPath

// RegisteredRoutes lists what the router answers, as "METHOD /path".
func (s *Server) RegisteredRoutes() []string {
	var served []string
	for _, r := range s.echo.Routes() {
		served = append(served, r.Method+" "+r.Path)
	}
	return served
}

// SetTransferTimeouts makes the server less patient with files, before its first request.
func (s *Server) SetTransferTimeouts(silence time.Duration, slowest int64) {
	s.transferLimits.idle, s.transferLimits.minRate = silence, slowest
}

// JSONEncoder writes events for programs.
var JSONEncoder live.Encoder = JSONEvents{}
