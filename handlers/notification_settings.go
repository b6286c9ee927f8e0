package handlers

import (
	"charla/handlers/web"
	"strings"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

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
	IncludeText web.Checkbox `form:"words" json:"words"`
}

func (s *Server) savePushSettings(c echo.Context) error {
	var in pushSettings
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	wishes := chat.NotificationSettings{NtfyTopic: strings.TrimSpace(in.Topic), PushRooms: bool(in.Rooms), IncludeText: bool(in.IncludeText)}
	if err := s.chat.SavePushSettings(c.Request().Context(), web.CurrentUser(c), wishes); err != nil {
		values := map[string]string{"topic": in.Topic, "rooms": in.Rooms.FormValue(), "words": in.IncludeText.FormValue()}
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
