package handlers

import (
	"time"

	"charla/handlers/web"

	"github.com/labstack/echo/v4"
)

// RegisteredRoutes lists what the router answers, as "METHOD /path".
func (s *Server) RegisteredRoutes() []string {
	var routes []string
	for _, r := range s.echo.Routes() {
		if r.Method != echo.RouteNotFound {
			routes = append(routes, r.Method+" "+r.Path)
		}
	}
	return routes
}

// RouteTable returns all routes with their facts.
func (s *Server) RouteTable() []web.Route { return s.routes() }

// SetTransferTimeouts shortens the deadlines of uploads and downloads. It must be called before the first request.
func (s *Server) SetTransferTimeouts(idle time.Duration, minRate int64) {
	s.transferTimeouts.Idle, s.transferTimeouts.MinRate = idle, minRate
}
