package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"

	"github.com/labstack/echo/v4"
)

func (s *Server) checklistRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/admin/checklist/dismiss", Handler: s.dismissChecklist, Access: web.Member,
			Action: chat.ChangeCommunity,
			Doc: web.Operation{
				Summary:   "Hides the list of steps that GET /chat shows to a new owner.",
				Responses: web.Responses{204: nil},
			},
		},
	}
}

// checklistItemJSON is a step with which a new owner sets up the community.
type checklistItemJSON struct {
	Step string `json:"step" enum:"name,registration,invite,room"`
	Done bool   `json:"done"`
}

func checklistToJSON(items []chat.ChecklistItem) (out []checklistItemJSON) {
	for _, item := range items {
		out = append(out, checklistItemJSON{string(item.Step), item.Done})
	}
	return out
}

func (s *Server) dismissChecklist(c echo.Context) error {
	if err := s.chat.DismissChecklist(c.Request().Context(), web.CurrentUser(c)); err != nil {
		return err
	}
	return web.Finish(c, "/chat")
}
