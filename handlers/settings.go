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
}

func (s *Server) settingsPage(c echo.Context) error {
	me := person(c)
	if wantsJSON(c) {
		return c.JSON(http.StatusOK, preferences{me.Locale, me.Theme})
	}
	form := views.Form{Values: map[string]string{"locale": me.Locale, "theme": me.Theme}}
	return s.render(c, http.StatusOK, views.Settings(s.page(c), form, c.QueryParams().Has("saved")))
}

func (s *Server) saveSettings(c echo.Context) error {
	var in preferences
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.chat.SavePreferences(c.Request().Context(), person(c), in.Locale, in.Theme); err != nil {
		page := func(e map[string]*chat.Error) templ.Component {
			form := views.Form{Values: map[string]string{"locale": in.Locale, "theme": in.Theme}, Errors: e}
			return views.Settings(s.page(c), form, false)
		}
		return s.answerForm(c, err, page, page)
	}
	if wantsJSON(c) {
		return c.JSON(http.StatusOK, in)
	}
	return redirect(c, "/settings?saved=1")
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
	err := s.limits.passwords.take(fmt.Sprint("user ", v.User.ID))
	if err == nil {
		err = s.chat.ChangePassword(c.Request().Context(), v.User, v.Session, in.Current, in.Password)
	}
	if err != nil {
		page := func(e map[string]*chat.Error) templ.Component {
			form := views.Form{Values: map[string]string{"locale": v.User.Locale, "theme": v.User.Theme}, Errors: e}
			return views.Settings(s.page(c), form, false)
		}
		return s.answerForm(c, err, page, page)
	}
	return done(c, "/settings?saved=1")
}

// changeAvatar gives a person another picture, or takes it away.
func (s *Server) changeAvatar(c echo.Context) error {
	me, set := person(c), false
	take := func(_ url.Values, name string, file io.Reader) (err error) {
		if err = s.limits.files.take(fmt.Sprint("user ", me.ID)); err == nil {
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
		page := func(e map[string]*chat.Error) templ.Component {
			form := views.Form{Values: map[string]string{"locale": me.Locale, "theme": me.Theme}, Errors: e}
			return views.Settings(s.page(c), form, false)
		}
		return s.answerForm(c, err, page, page)
	}
	return done(c, "/settings?saved=1")
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
