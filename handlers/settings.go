package handlers

import (
	"fmt"
	"io"
	"net/http"
	"net/url"

	"charla/chat"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

type preferences struct {
	Locale string `form:"locale" json:"locale"`
	Theme  string `form:"theme" json:"theme"`
	Sound  flag   `form:"sound" json:"sound"`
}

func (p preferences) values() map[string]string {
	return map[string]string{"locale": p.Locale, "theme": p.Theme, "sound": p.Sound.value()}
}

// preferencesOf are those that a person has.
func preferencesOf(u chat.User) preferences {
	return preferences{u.Locale, u.Theme, flag(u.Sound)}
}

// settingsJSON is all that a person chose.
type settingsJSON struct {
	preferences
	Email     string `json:"email"`
	Confirmed bool   `json:"email_confirmed"`
	Mail      string `json:"mail"`
	pushWishes
}

func settingsOf(me chat.User, w chat.Wishes) settingsJSON {
	return settingsJSON{preferencesOf(me), me.Email, w.ConfirmedAt > 0, w.Mail, pushWishes{w.PushTopic, flag(w.PushRooms), flag(w.PushText)}}
}

func (s *Server) settingsPage(c echo.Context) error {
	choices, err := s.choices(c)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return c.JSON(http.StatusOK, settingsOf(person(c), choices.Wishes))
	}
	l := s.locale(c)
	switch c.QueryParam("saved") {
	case "email":
		choices.Email.Note = l.T("Saved.")
		if s.chat.Reach().Mail {
			choices.Email.Note = l.T("We have sent a link to the new address. Open it within a day.")
		}
	case "mail":
		choices.Mail.Note = l.T("Saved.")
	case "push":
		choices.Push.Note = l.T("Saved.")
	case "test":
		choices.Push.Note = l.T("A push is on its way.")
	case "name":
		choices.Name.Note = l.T("Saved.")
	case "picture":
		choices.Picture.Note = l.T("Saved.")
	case "password":
		choices.Password.Note = l.T("Saved.")
	case "1":
		choices.Looks.Note = l.T("Saved.")
	}
	return s.render(c, http.StatusOK, views.Settings(s.page(c), choices))
}

// choices are the forms of the settings as they are saved.
func (s *Server) choices(c echo.Context) (views.Choices, error) {
	me := person(c)
	w, err := s.chat.Wishes(c.Request().Context(), me)
	return views.Choices{
		Wishes: w,
		Looks:  views.Form{Values: preferencesOf(me).values()},
		Name:   views.Form{Values: map[string]string{"name": me.Name}},
		Email:  views.Form{Values: map[string]string{"email": me.Email}},
		Mail:   views.Form{Values: map[string]string{"mail": w.Mail}},
		Push:   views.Form{Values: map[string]string{"topic": w.PushTopic, "rooms": flag(w.PushRooms).value(), "words": flag(w.PushText).value()}},
	}, err
}

// unsaved shows the settings again with a form that was refused.
func (s *Server) unsaved(c echo.Context, err error, form func(*views.Choices) *views.Form, values map[string]string) error {
	choices, problem := s.choices(c)
	if problem != nil {
		return problem
	}
	page := func(e map[string]*chat.Error) templ.Component {
		f := form(&choices)
		f.Values, f.Errors = values, e
		return views.Settings(s.page(c), choices)
	}
	return s.answerForm(c, err, page, page)
}

func (s *Server) saveSettings(c echo.Context) error {
	var in preferences
	if err := decode(c, &in); err != nil {
		return err
	}
	wanted := chat.Preferences{Locale: in.Locale, Theme: in.Theme, Sound: bool(in.Sound)}
	if err := s.chat.SavePreferences(c.Request().Context(), person(c), wanted); err != nil {
		return s.unsaved(c, err, func(v *views.Choices) *views.Form { return &v.Looks }, in.values())
	}
	if wantsJSON(c) {
		return c.JSON(http.StatusOK, in)
	}
	return redirect(c, "/settings?saved=1")
}

type newName struct {
	Name string `form:"name" json:"name"`
}

func (s *Server) rename(c echo.Context) error {
	var in newName
	if err := decode(c, &in); err != nil {
		return err
	}
	err := s.limits.names.takeFor(person(c))
	var me chat.Person
	if err == nil {
		me, err = s.chat.Rename(c.Request().Context(), person(c), in.Name)
	}
	if err != nil {
		return s.unsaved(c, err, func(v *views.Choices) *views.Form { return &v.Name }, map[string]string{"name": in.Name})
	}
	if wantsJSON(c) {
		return c.JSON(http.StatusOK, authorJSON{ID: me.ID, Name: me.Name, Bot: person(c).IsBot()})
	}
	return redirect(c, "/settings?saved=name")
}

type newPassword struct {
	Current  string `form:"current" json:"current"`
	Password string `form:"password" json:"password"`
}

// changePassword leaves this session alone and ends the person's others.
func (s *Server) changePassword(c echo.Context) error {
	var in newPassword
	if err := decode(c, &in); err != nil {
		return err
	}
	v := visitorOf(c)
	err := s.limits.passwords.takeFor(v.User)
	if err == nil {
		err = s.chat.ChangePassword(c.Request().Context(), v.User, v.Session, in.Current, in.Password)
	}
	if err != nil {
		return s.unsaved(c, err, func(v *views.Choices) *views.Form { return &v.Password }, nil)
	}
	return done(c, "/settings?saved=password")
}

// changeAvatar gives a person another picture, or takes it away.
func (s *Server) changeAvatar(c echo.Context) error {
	me, set := person(c), false
	take := func(_ url.Values, name string, file io.Reader) (err error) {
		if err = s.limits.files.takeFor(me); err == nil {
			_, err = s.chat.SetAvatar(c.Request().Context(), me, chat.UploadIn{Name: name, Body: file})
		}
		set = err == nil
		return err
	}
	var in struct {
		Remove string `form:"remove" json:"remove"`
	}
	var err error
	if isForm(c.Request()) {
		err = readParts(c.Request(), take)
	}
	if err == nil {
		err = decode(c, &in)
	}
	if err == nil && !set && in.Remove != "" {
		set, err = true, s.chat.RemoveAvatar(c.Request().Context(), me)
	}
	if err == nil && !set {
		err = errNoFile
	}
	if err != nil {
		return s.unsaved(c, err, func(v *views.Choices) *views.Form { return &v.Picture }, nil)
	}
	return done(c, "/settings?saved=picture")
}

// meCSS is what makes shared markup one's own: the lines of this person are marked by a rule, not in their bytes.
func (s *Server) meCSS(c echo.Context) error {
	css := ""
	if me := visitorOf(c); me.signedIn() {
		css = fmt.Sprintf(".by-%[1]d{--mine:1;--message-surface:var(--mine-surface);--mine-mark:block}\n"+
			"[data-by~=\"%[1]d\"]{--reaction-edge:var(--accent);--reaction-text:var(--accent);--reaction-weight:700}\n", me.User.ID)
	}
	return c.Blob(http.StatusOK, "text/css; charset=utf-8", []byte(css))
}
