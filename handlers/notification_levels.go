package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) notificationLevelRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/notify", Handler: s.setNotificationLevel, Access: web.Member,
			Doc: web.Operation{
				Summary: "Sets which messages of a conversation notify the caller, or mutes it for a time. " +
					"Only the caller can see both.",
				Body:      notificationLevelRequest{},
				Responses: web.Responses{200: web.ConversationJSON{}},
			},
		},
	}
}

// notificationLevelRequest is the form or JSON that sets the notification level of a conversation, its mute, or both.
// What is empty stays as it is.
type notificationLevelRequest struct {
	With  web.ID `form:"with" json:"with"`
	Room  web.ID `form:"room" json:"room" example:""`
	Level string `form:"level" json:"level" enum:"all,mentions,nothing"`
	Mute  string `form:"mute" json:"mute" enum:"1h,8h,tomorrow,week,forever,off"`
}

// setNotificationLevel stores the level and mute. Programs get the conversation, htmx the control in its header.
func (s *Server) setNotificationLevel(c echo.Context) error {
	var in notificationLevelRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	ref := chat.ConversationRef{With: int64(in.With), Room: int64(in.Room)}
	conv, err := s.chat.SetNotificationLevel(c.Request().Context(), web.CurrentUser(c), ref, in.Level, in.Mute)
	switch {
	case err != nil:
		return err
	case web.WantsJSON(c):
		return c.JSON(http.StatusOK, web.ConversationToJSON(conv))
	case web.IsHTMX(c):
		return s.Render(c, http.StatusOK, views.NotificationLevelFragment(s.Locale(c), conv))
	}
	return c.Redirect(http.StatusSeeOther, views.MessagesURL(ref))
}
