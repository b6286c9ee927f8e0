package handlers

import (
	"net/http"

	"charla/handlers/web"

	"github.com/labstack/echo/v4"
)

func (s *Server) healthRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/healthz", Handler: s.healthz, Access: web.Anonymous,
			Probe: true,
			Doc: web.Operation{
				Summary:   "Answers while the process runs.",
				Responses: web.Responses{200: web.MediaType("text/plain")},
			},
		},
		{
			Method: http.MethodGet, Path: "/readyz", Handler: s.readyz, Access: web.Anonymous,
			Probe: true,
			Doc: web.Operation{
				Summary:   "Answers if the database answers.",
				Responses: web.Responses{200: web.MediaType("text/plain")},
			},
		},
	}
}

// healthz answers 200 as long as the process runs. It does not check the database.
func (s *Server) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// readyz answers 200 if the database can be reached, otherwise with an error. The text of the answer lists current
// warnings for the operator.
func (s *Server) readyz(c echo.Context) error {
	if err := s.config.Ping(c.Request().Context()); err != nil {
		return err
	}
	answer := "ok"
	for _, warning := range s.config.Warnings {
		if text := warning(); text != "" {
			answer += ", but " + text
		}
	}
	return c.String(http.StatusOK, answer+"\n")
}
