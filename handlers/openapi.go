package handlers

import (
	"net/http"

	"charla/handlers/web"

	"github.com/labstack/echo/v4"
)

func (s *Server) openAPIRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/openapi.json", Handler: s.openAPI, Access: web.Anonymous,
			ProgramsOnly: true,
			Doc: web.Operation{
				Summary:   "Returns this description.",
				Responses: web.Responses{200: web.JSONObject{}},
			},
		},
	}
}

// openAPI answers with the OpenAPI description of all routes. The first request builds it; later requests get the same
// bytes.
func (s *Server) openAPI(c echo.Context) error {
	return c.JSONBlob(http.StatusOK, s.openAPIDocument())
}
