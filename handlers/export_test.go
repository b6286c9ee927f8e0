package handlers

import "charla/live"

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

// Told writes events for programs.
var Told live.Encoder = told{}
