package handlers

import (
	"net/http"
	"strings"

	"charla/chat"
	"charla/handlers/web"

	"github.com/labstack/echo/v4"
)

func (s *Server) notificationSettingsRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/settings/mail",
			Handler: s.requireEmail(s.saveEmailSettings), Access: web.Member,
			Doc: web.Operation{
				Summary:   "Sets when e-mails about unread messages are sent: off, soon, hour or day.",
				Body:      emailSettingsRequest{},
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/settings/push",
			Handler: s.requirePush(s.savePushSettings), Access: web.Member,
			Doc: web.Operation{
				Summary:   "Sets the ntfy topic for push notifications and what they contain.",
				Body:      pushSettings{},
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/settings/push/test",
			Handler: s.requirePush(s.testPush), Access: web.Member,
			Doc: web.Operation{
				Summary:   "Sends a push notification to the saved topic.",
				Responses: web.Responses{202: nil},
			},
		},
	}
}

// emailSettingsRequest is the form or JSON that sets when the caller gets e-mail digests of unread messages.
type emailSettingsRequest struct {
	Mail string `form:"mail" json:"mail" required:"true" enum:"off,soon,hour,day"`
}

func (s *Server) saveEmailSettings(c echo.Context) error {
	var in emailSettingsRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	err := s.chat.SaveDigestSetting(c.Request().Context(), web.CurrentUser(c), in.Mail, s.Locale(c).Lang)
	if err != nil {
		return s.rerenderSettings(c, err, emailNotificationsForm, map[string]string{"mail": in.Mail})
	}
	return web.Finish(c, "/settings?saved=mail")
}

// pushSettings are a user's settings for push notifications through ntfy.
type pushSettings struct {
	Topic       string       `form:"topic" json:"topic" example:""` // on the ntfy server; empty for none
	Rooms       web.Checkbox `form:"rooms" json:"rooms" example:""` // also for messages in rooms
	IncludeText web.Checkbox `form:"include_text" json:"include_text" example:""`
}

// pushSettingsOf returns the part of a user's notification settings that concerns push notifications.
func pushSettingsOf(n chat.NotificationSettings) pushSettings {
	return pushSettings{n.NtfyTopic, web.Checkbox(n.PushRooms), web.Checkbox(n.IncludeText)}
}

// values returns the push settings as a map from form field to value.
func (p pushSettings) values() map[string]string {
	return map[string]string{"topic": p.Topic, "rooms": p.Rooms.FormValue(), "include_text": p.IncludeText.FormValue()}
}

func (s *Server) savePushSettings(c echo.Context) error {
	var in pushSettings
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	settings := chat.NotificationSettings{
		NtfyTopic: strings.TrimSpace(in.Topic), PushRooms: bool(in.Rooms), IncludeText: bool(in.IncludeText),
	}
	if err := s.chat.SavePushSettings(c.Request().Context(), web.CurrentUser(c), settings); err != nil {
		return s.rerenderSettings(c, err, pushNotificationsForm, in.values())
	}
	return web.Finish(c, "/settings?saved=push")
}

// testPush sends a test notification to the caller's ntfy topic. It is rate limited, because the topic may belong to
// someone else.
func (s *Server) testPush(c echo.Context) error {
	me := web.CurrentUser(c)
	refuse := func(err error) error { return s.rerenderSettings(c, err, pushNotificationsForm, nil) }
	if err := s.limits.TestPushes.AllowUser(me); err != nil {
		return refuse(err)
	}
	if err := s.chat.SendTestPush(c.Request().Context(), me); err != nil {
		return refuse(err)
	}
	return web.Accepted(c, "/settings?saved=test")
}

// requirePush is middleware that answers 404 if the server is not configured to send push notifications.
func (s *Server) requirePush(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !s.chat.Media().Push {
			return chat.ErrNotFound
		}
		return next(c)
	}
}
