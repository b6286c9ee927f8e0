package handlers

import (
	"fmt"
	"net/http"

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

// meCSS is what makes shared markup one's own: the lines of this person are marked by a rule, not in their bytes.
func (s *Server) meCSS(c echo.Context) error {
	css := ""
	if me := visitorOf(c); me.signedIn() {
		css = fmt.Sprintf(".by-%[1]d{--mine:1;--message-surface:var(--mine-surface);--mine-mark:block}\n"+
			"[data-by~=\"%[1]d\"]{--reaction-edge:var(--accent);--reaction-text:var(--accent);--reaction-weight:700}\n", me.User.ID)
	}
	return c.Blob(http.StatusOK, "text/css; charset=utf-8", []byte(css))
}
