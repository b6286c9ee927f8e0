package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// healthz answers 200 while the process runs.
func (s *Server) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// readyz answers 200 if the database answers, with the operator's current warnings in the text.
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
