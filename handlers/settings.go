package handlers

import (
	"net/http"

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
			Method: http.MethodPost, Path: "/settings/handle", Handler: s.changeHandle, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Changes the handle by which the caller is mentioned.",
				Body:      changeHandleRequest{},
				Responses: web.Responses{200: web.AuthorJSON{}},
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

// preferences are the language, the theme and the sound setting of a user.
type preferences struct {
	Locale string       `form:"locale" json:"locale" enum:",en,es" example:""`
	Theme  string       `form:"theme" json:"theme" enum:",light,dark" example:""`
	Sound  web.Checkbox `form:"sound" json:"sound" example:""`
}

// values returns the preferences as a map from form field to value.
func (p preferences) values() map[string]string {
	return map[string]string{"locale": p.Locale, "theme": p.Theme, "sound": p.Sound.FormValue()}
}

// preferencesOf returns the saved preferences of a user.
func preferencesOf(u chat.User) preferences {
	return preferences{u.Locale, u.Theme, web.Checkbox(u.Sound)}
}

// settingsJSON is the JSON response with all settings of the caller.
type settingsJSON struct {
	preferences
	Handle    string `json:"handle"`
	Email     string `json:"email"`
	Confirmed bool   `json:"email_confirmed"`
	Mail      string `json:"mail" enum:"off,soon,hour,day"` // when to send digests of unread messages
	pushSettings
}

func settingsToJSON(me chat.User, n chat.NotificationSettings) settingsJSON {
	return settingsJSON{
		preferences: preferencesOf(me), Handle: me.Handle, Email: me.Email, Confirmed: n.EmailConfirmedAt > 0,
		Mail:         n.EmailDigest,
		pushSettings: pushSettingsOf(n),
	}
}

func (s *Server) settingsPage(c echo.Context) error {
	forms, err := s.settingsForms(c)
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, settingsToJSON(web.CurrentUser(c), forms.Notifications))
	}
	s.noteSaved(c, &forms)
	return s.Render(c, http.StatusOK, views.SettingsPage(s.Page(c), forms))
}

// noteSaved adds a success message to the form that the user has just saved. The query parameter "saved" names the
// form.
func (s *Server) noteSaved(c echo.Context, forms *views.SettingsForms) {
	l := s.Locale(c)
	saved := c.QueryParam("saved")
	noted := map[string]*views.Form{
		"1": &forms.Appearance, "name": &forms.Name, "handle": &forms.Handle, "picture": &forms.Picture,
		"password": &forms.Password, "email": &forms.EmailAddress, "mail": &forms.EmailNotifications,
		"push": &forms.PushNotifications, "test": &forms.PushNotifications,
	}[saved]
	switch {
	case noted == nil:
	case saved == "email" && s.chat.Media().Email:
		noted.Note = l.T("We sent a link to the new address. It expires in 24 hours.")
	case saved == "test":
		noted.Note = l.T("Test notification sent.")
	default:
		noted.Note = l.T("Saved.")
	}
}

// settingsForms returns all forms of the settings page, filled with the stored values.
func (s *Server) settingsForms(c echo.Context) (views.SettingsForms, error) {
	me := web.CurrentUser(c)
	n, err := s.chat.NotificationSettings(c.Request().Context(), me)
	if err != nil {
		return views.SettingsForms{}, err
	}
	return views.SettingsForms{
		Notifications:      n,
		Appearance:         views.Form{Values: preferencesOf(me).values()},
		Name:               views.Form{Values: map[string]string{"name": me.Name}},
		Handle:             views.Form{Values: map[string]string{"handle": me.Handle}},
		EmailAddress:       views.Form{Values: map[string]string{"email": me.Email}},
		EmailNotifications: views.Form{Values: map[string]string{"mail": n.EmailDigest}},
		PushNotifications:  views.Form{Values: pushSettingsOf(n).values()},
	}, nil
}

// rerenderSettings answers with the settings page after a form on it was refused with err. form returns that form, and
// values are what the user typed into it.
func (s *Server) rerenderSettings(
	c echo.Context, err error, form func(*views.SettingsForms) *views.Form, values map[string]string,
) error {
	forms, loadErr := s.settingsForms(c)
	if loadErr != nil {
		return loadErr
	}
	page := func(e map[string]*chat.Error) templ.Component {
		f := form(&forms)
		f.Values, f.Errors = values, e
		return views.SettingsPage(s.Page(c), forms)
	}
	return s.RerenderForm(c, err, page, page)
}

// These functions return one form of the settings page each. They are the argument form of rerenderSettings.
func appearanceForm(f *views.SettingsForms) *views.Form { return &f.Appearance }
func nameForm(f *views.SettingsForms) *views.Form       { return &f.Name }
func handleForm(f *views.SettingsForms) *views.Form     { return &f.Handle }
func passwordForm(f *views.SettingsForms) *views.Form   { return &f.Password }

func emailAddressForm(f *views.SettingsForms) *views.Form       { return &f.EmailAddress }
func emailNotificationsForm(f *views.SettingsForms) *views.Form { return &f.EmailNotifications }
func pushNotificationsForm(f *views.SettingsForms) *views.Form  { return &f.PushNotifications }

func (s *Server) savePreferences(c echo.Context) error {
	var in preferences
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	prefs := chat.Preferences{Locale: in.Locale, Theme: in.Theme, Sound: bool(in.Sound)}
	if err := s.chat.SavePreferences(c.Request().Context(), web.CurrentUser(c), prefs); err != nil {
		return s.rerenderSettings(c, err, appearanceForm, in.values())
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, in)
	}
	return web.Redirect(c, "/settings?saved=1")
}

// renameRequest is the form or JSON that changes the name of the caller.
type renameRequest struct {
	Name string `form:"name" json:"name" required:"true"`
}

func (s *Server) rename(c echo.Context) error {
	var in renameRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	me, err := s.renameLimited(c, in.Name)
	if err != nil {
		return s.rerenderSettings(c, err, nameForm, map[string]string{"name": in.Name})
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, web.AuthorsToJSON([]chat.UserSummary{me})[0])
	}
	return web.Redirect(c, "/settings?saved=name")
}

// renameLimited changes the caller's name if the caller has not reached the rate limit. There is a limit because the
// new name is sent to everyone who shares a room with the caller.
func (s *Server) renameLimited(c echo.Context, name string) (chat.UserSummary, error) {
	me := web.CurrentUser(c)
	if err := s.limits.Renames.AllowUser(me); err != nil {
		return chat.UserSummary{}, err
	}
	return s.chat.Rename(c.Request().Context(), me, name)
}

// changeHandleRequest is the form or JSON that changes the handle of the caller.
type changeHandleRequest struct {
	Handle string `form:"handle" json:"handle" required:"true"`
}

func (s *Server) changeHandle(c echo.Context) error {
	var in changeHandleRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	caller := web.CurrentUser(c)
	err := s.limits.Renames.AllowUser(caller)
	me := caller.Summary()
	if err == nil {
		me, err = s.chat.ChangeHandle(c.Request().Context(), caller, in.Handle)
	}
	if err != nil {
		return s.rerenderSettings(c, err, handleForm, map[string]string{"handle": in.Handle})
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, web.AuthorsToJSON([]chat.UserSummary{me})[0])
	}
	return web.Redirect(c, "/settings?saved=handle")
}

// changePasswordRequest is the form or JSON that changes the password of the caller.
type changePasswordRequest struct {
	Current  string `form:"current" json:"current" required:"true" max:"4096"`
	Password string `form:"password" json:"password" required:"true" max:"4096"`
}

// changePassword changes the caller's password and ends all their sessions except the one that sent the request.
func (s *Server) changePassword(c echo.Context) error {
	var in changePasswordRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	caller := web.CallerOf(c)
	refuse := func(err error) error { return s.rerenderSettings(c, err, passwordForm, nil) }
	err := s.limits.PasswordChecks.AllowUser(caller.User)
	if err == nil {
		err = s.chat.ChangePassword(c.Request().Context(), caller.User, caller.Session, in.Current, in.Password)
	}
	s.logOwnAction(c, "change of password", err)
	if err != nil {
		return refuse(err)
	}
	return web.Finish(c, "/settings?saved=password")
}

// changeEmailRequest is the form or JSON that changes the e-mail address of the caller.
type changeEmailRequest struct {
	Email   string `form:"email" json:"email" required:"true"`
	Current string `form:"current" json:"current" required:"true" max:"4096"` // the password
}

// changeEmail changes the caller's e-mail address. If the server sends e-mail, the change takes effect only after the
// user opens the link that is sent to the new address.
func (s *Server) changeEmail(c echo.Context) error {
	var in changeEmailRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	err := s.requestEmailChange(c, in)
	s.logOwnAction(c, s.emailChangeAction(), err)
	if err != nil {
		return s.rerenderSettings(c, err, emailAddressForm, map[string]string{"email": in.Email})
	}
	if s.chat.Media().Email {
		return web.Accepted(c, "/settings?saved=email")
	}
	return web.Finish(c, "/settings?saved=email")
}

// emailChangeAction returns what the form for the e-mail address does: without e-mail it changes the address at once.
func (s *Server) emailChangeAction() string {
	if s.chat.Media().Email {
		return "request for a change of e-mail address"
	}
	return "change of e-mail address"
}

// requestEmailChange changes the caller's e-mail address or, if the server sends e-mail, sends a link that completes
// the change. Before that it checks the rate limits of the caller and of the new address.
func (s *Server) requestEmailChange(c echo.Context, in changeEmailRequest) error {
	me := web.CurrentUser(c)
	if err := s.limits.PasswordChecks.AllowUser(me); err != nil {
		return err
	}
	if s.chat.Media().Email {
		if err := s.checkEmailRate(in.Email); err != nil {
			return err
		}
	}
	return s.chat.ChangeEmail(c.Request().Context(), me, in.Current, in.Email)
}
