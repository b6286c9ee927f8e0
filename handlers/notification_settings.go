package handlers

import (
	"net/http"
	"strings"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) notificationSettingsRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/settings/mail", Handler: s.requireEmail(s.saveEmailSettings), Access: web.Member,
			Doc: web.Operation{
				Summary:   "Sets when e-mails about unread messages are sent: off, soon, hour or day.",
				Body:      emailSettingsRequest{},
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/settings/push", Handler: s.requirePush(s.savePushSettings), Access: web.Member,
			Doc: web.Operation{
				Summary:   "Sets the ntfy topic for push notifications and what they contain.",
				Body:      pushSettings{},
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/settings/push/test", Handler: s.requirePush(s.testPush), Access: web.Member,
			Doc: web.Operation{
				Summary:   "Sends a push notification to the saved topic.",
				Responses: web.Responses{202: nil},
			},
		},
	}
}

type emailSettingsRequest struct {
	Mail string `form:"mail" json:"mail"`
}

func (s *Server) saveEmailSettings(c echo.Context) error {
	var in emailSettingsRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	if err := s.chat.SaveDigestSetting(c.Request().Context(), web.CurrentUser(c), in.Mail, s.Locale(c).Lang); err != nil {
		return s.rerenderSettings(c, err, func(v *views.SettingsForms) *views.Form { return &v.EmailNotifications }, map[string]string{"mail": in.Mail})
	}
	return web.Finish(c, "/settings?saved=mail")
}

type pushSettings struct {
	Topic       string       `form:"topic" json:"topic"`
	Rooms       web.Checkbox `form:"rooms" json:"rooms"`
	IncludeText web.Checkbox `form:"include_text" json:"include_text"`
}

func (s *Server) savePushSettings(c echo.Context) error {
	var in pushSettings
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	wishes := chat.NotificationSettings{NtfyTopic: strings.TrimSpace(in.Topic), PushRooms: bool(in.Rooms), IncludeText: bool(in.IncludeText)}
	if err := s.chat.SavePushSettings(c.Request().Context(), web.CurrentUser(c), wishes); err != nil {
		values := map[string]string{"topic": in.Topic, "rooms": in.Rooms.FormValue(), "include_text": in.IncludeText.FormValue()}
		return s.rerenderSettings(c, err, func(v *views.SettingsForms) *views.Form { return &v.PushNotifications }, values)
	}
	return web.Finish(c, "/settings?saved=push")
}

func (s *Server) testPush(c echo.Context) error {
	err := s.limits.TestPushes.AllowUser(web.CurrentUser(c)) // anybody's topic may be meant
	if err == nil {
		err = s.chat.SendTestPush(c.Request().Context(), web.CurrentUser(c))
	}
	if err != nil {
		return s.rerenderSettings(c, err, func(v *views.SettingsForms) *views.Form { return &v.PushNotifications }, nil)
	}
	return web.Accepted(c, "/settings?saved=test")
}

// requirePush is for what exists only where pushes are on.
func (s *Server) requirePush(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !s.chat.Media().Push {
			return chat.ErrNotFound
		}
		return next(c)
	}
}
