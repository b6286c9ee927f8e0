package handlers

import (
	"io"
	"net/http"
	"net/url"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

func (s *Server) settingsRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/settings", Handler: s.settingsPage, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Returns the settings of the caller.",
				Responses: web.Responses{200: settingsJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/settings", Handler: s.savePreferences, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Saves language, theme and sound. A field that is missing is reset.",
				Body:      preferences{},
				Responses: web.Responses{200: preferences{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/settings/name", Handler: s.rename, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Changes the name of the caller.",
				Body:      renameRequest{},
				Responses: web.Responses{200: web.AuthorJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/settings/avatar", Handler: s.changeAvatar, Access: web.Member,
			Upload: web.MultipartUpload,
			Doc: web.Operation{
				Summary:   "Sets the profile picture, or removes it if remove is set.",
				Body:      web.MultipartFields{"remove"},
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/settings/password", Handler: s.changePassword, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Sets a new password and ends all other sessions.",
				Body:      changePasswordRequest{},
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/settings/email", Handler: s.changeEmail, Access: web.Member,
			Doc: web.Operation{
				Summary: "Changes the e-mail address. If e-mail is configured, it sends a confirmation link and " +
					"answers 202.",
				Body:      changeEmailRequest{},
				Responses: web.Responses{202: nil, 204: nil},
			},
		},
	}
}

type preferences struct {
	Locale string       `form:"locale" json:"locale"`
	Theme  string       `form:"theme" json:"theme"`
	Sound  web.Checkbox `form:"sound" json:"sound"`
}

func (p preferences) values() map[string]string {
	return map[string]string{"locale": p.Locale, "theme": p.Theme, "sound": p.Sound.FormValue()}
}

// preferencesOf are those that a person has.
func preferencesOf(u chat.User) preferences {
	return preferences{u.Locale, u.Theme, web.Checkbox(u.Sound)}
}

// settingsJSON is all that a person chose.
type settingsJSON struct {
	preferences
	Email     string `json:"email"`
	Confirmed bool   `json:"email_confirmed"`
	Mail      string `json:"mail"`
	pushSettings
}

func settingsToJSON(me chat.User, w chat.NotificationSettings) settingsJSON {
	return settingsJSON{preferencesOf(me), me.Email, w.EmailConfirmedAt > 0, w.EmailDigest, pushSettings{w.NtfyTopic, web.Checkbox(w.PushRooms), web.Checkbox(w.IncludeText)}}
}

func (s *Server) settingsPage(c echo.Context) error {
	choices, err := s.settingsForms(c)
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, settingsToJSON(web.CurrentUser(c), choices.Notifications))
	}
	l := s.Locale(c)
	switch c.QueryParam("saved") {
	case "email":
		choices.EmailAddress.Note = l.T("Saved.")
		if s.chat.Media().Email {
			choices.EmailAddress.Note = l.T("We sent a link to the new address. It expires in 24 hours.")
		}
	case "mail":
		choices.EmailNotifications.Note = l.T("Saved.")
	case "push":
		choices.PushNotifications.Note = l.T("Saved.")
	case "test":
		choices.PushNotifications.Note = l.T("Test notification sent.")
	case "name":
		choices.Name.Note = l.T("Saved.")
	case "picture":
		choices.Picture.Note = l.T("Saved.")
	case "password":
		choices.Password.Note = l.T("Saved.")
	case "1":
		choices.Appearance.Note = l.T("Saved.")
	}
	return s.Render(c, http.StatusOK, views.SettingsPage(s.Page(c), choices))
}

// settingsForms are the forms of the settings as they are saved.
func (s *Server) settingsForms(c echo.Context) (views.SettingsForms, error) {
	me := web.CurrentUser(c)
	w, err := s.chat.NotificationSettings(c.Request().Context(), me)
	return views.SettingsForms{
		Notifications:      w,
		Appearance:         views.Form{Values: preferencesOf(me).values()},
		Name:               views.Form{Values: map[string]string{"name": me.Name}},
		EmailAddress:       views.Form{Values: map[string]string{"email": me.Email}},
		EmailNotifications: views.Form{Values: map[string]string{"mail": w.EmailDigest}},
		PushNotifications:  views.Form{Values: map[string]string{"topic": w.NtfyTopic, "rooms": web.Checkbox(w.PushRooms).FormValue(), "include_text": web.Checkbox(w.IncludeText).FormValue()}},
	}, err
}

// rerenderSettings shows the settings again with a form that was refused.
func (s *Server) rerenderSettings(c echo.Context, err error, form func(*views.SettingsForms) *views.Form, values map[string]string) error {
	choices, problem := s.settingsForms(c)
	if problem != nil {
		return problem
	}
	page := func(e map[string]*chat.Error) templ.Component {
		f := form(&choices)
		f.Values, f.Errors = values, e
		return views.SettingsPage(s.Page(c), choices)
	}
	return s.RerenderForm(c, err, page, page)
}

func (s *Server) savePreferences(c echo.Context) error {
	var in preferences
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	wanted := chat.Preferences{Locale: in.Locale, Theme: in.Theme, Sound: bool(in.Sound)}
	if err := s.chat.SavePreferences(c.Request().Context(), web.CurrentUser(c), wanted); err != nil {
		return s.rerenderSettings(c, err, func(v *views.SettingsForms) *views.Form { return &v.Appearance }, in.values())
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, in)
	}
	return web.Redirect(c, "/settings?saved=1")
}

type renameRequest struct {
	Name string `form:"name" json:"name"`
}

func (s *Server) rename(c echo.Context) error {
	var in renameRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	err := s.limits.Renames.AllowUser(web.CurrentUser(c))
	var me chat.UserSummary
	if err == nil {
		me, err = s.chat.Rename(c.Request().Context(), web.CurrentUser(c), in.Name)
	}
	if err != nil {
		return s.rerenderSettings(c, err, func(v *views.SettingsForms) *views.Form { return &v.Name }, map[string]string{"name": in.Name})
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, web.AuthorJSON{ID: me.ID, Name: me.Name, Bot: web.CurrentUser(c).IsBot()})
	}
	return web.Redirect(c, "/settings?saved=name")
}

type changePasswordRequest struct {
	Current  string `form:"current" json:"current"`
	Password string `form:"password" json:"password"`
}

// changePassword leaves this session alone and ends the person's others.
func (s *Server) changePassword(c echo.Context) error {
	var in changePasswordRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	v := web.CallerOf(c)
	err := s.limits.PasswordChecks.AllowUser(v.User)
	if err == nil {
		err = s.chat.ChangePassword(c.Request().Context(), v.User, v.Session, in.Current, in.Password)
	}
	if err != nil {
		return s.rerenderSettings(c, err, func(v *views.SettingsForms) *views.Form { return &v.Password }, nil)
	}
	return web.Finish(c, "/settings?saved=password")
}

// changeAvatar gives a person another picture, or takes it away.
func (s *Server) changeAvatar(c echo.Context) error {
	me, set := web.CurrentUser(c), false
	take := func(_ url.Values, name string, file io.Reader) (err error) {
		if err = s.limits.Uploads.AllowUser(me); err == nil {
			_, err = s.chat.SetAvatar(c.Request().Context(), me, chat.NewUpload{Name: name, Body: file})
		}
		set = err == nil
		return err
	}
	var in struct {
		Remove string `form:"remove" json:"remove"`
	}
	var err error
	if web.IsMultipart(c.Request()) {
		err = web.ReadMultipart(c.Request(), take)
	}
	if err == nil {
		err = web.Bind(c, &in)
	}
	if err == nil && !set && in.Remove != "" {
		set, err = true, s.chat.RemoveAvatar(c.Request().Context(), me)
	}
	if err == nil && !set {
		err = errNoFile
	}
	if err != nil {
		return s.rerenderSettings(c, err, func(v *views.SettingsForms) *views.Form { return &v.Picture }, nil)
	}
	return web.Finish(c, "/settings?saved=picture")
}

type changeEmailRequest struct {
	Email   string `form:"email" json:"email"`
	Current string `form:"current" json:"current"`
}

// changeEmail spends a turn of the person before it looks at the password, and one of the address to which a letter goes.
func (s *Server) changeEmail(c echo.Context) error {
	var in changeEmailRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	me, mail := web.CurrentUser(c), s.chat.Media().Email
	err := s.limits.PasswordChecks.AllowUser(me)
	if err == nil && mail {
		err = s.checkEmailRate(in.Email)
	}
	if err == nil {
		err = s.chat.ChangeEmail(c.Request().Context(), me, in.Current, in.Email)
	}
	switch {
	case err != nil:
		return s.rerenderSettings(c, err, func(v *views.SettingsForms) *views.Form { return &v.EmailAddress }, map[string]string{"email": in.Email})
	case mail:
		return web.Accepted(c, "/settings?saved=email")
	}
	return web.Finish(c, "/settings?saved=email")
}
