package handlers

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

// origin is how programs reach us, as far as we know.
func (s *Server) origin(c echo.Context) string {
	if base := s.config.BaseURL; base != nil {
		return base.Scheme + "://" + base.Host
	}
	if s.https() {
		return "https://" + c.Request().Host
	}
	return "http://" + c.Request().Host
}

type newHook struct {
	Room id `form:"room" json:"room"`
}

// makeHook answers with the address, which is told this once.
func (s *Server) makeHook(c echo.Context) error {
	var in newHook
	if err := decode(c, &in); err != nil {
		return err
	}
	hook, secret, err := s.chat.MakeHook(c.Request().Context(), person(c), number(c.Param("id")), int64(in.Room))
	if err != nil {
		return err
	}
	address := s.origin(c) + views.HookURL(secret)
	if wantsJSON(c) {
		return c.JSON(http.StatusCreated, hookToJSON(hook, address))
	}
	return s.botList(c, http.StatusCreated, views.Bots{FreshBot: hook.Bot, Address: address})
}

func (s *Server) removeHook(c echo.Context) error {
	if err := s.chat.RemoveHook(c.Request().Context(), person(c), number(c.Param("id")), number(c.Param("hook"))); err != nil {
		return err
	}
	return done(c, "/bots")
}

// hook writes what it is sent into its room, for whoever knows its address.
func (s *Server) hook(c echo.Context) error {
	hook, err := s.chat.Hook(c.Request().Context(), c.Param("secret"))
	if err != nil {
		return err
	}
	if err := s.limits.hooks.take(fmt.Sprint("hook ", hook.ID)); err != nil {
		return err
	}
	in, err := hooked(c)
	if err != nil {
		return err
	}
	posted, err := s.post(c, hook.User, chat.NewMessage{Place: chat.Place{Room: hook.Room}, Body: in.Body, Key: in.Key})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if posted.Created {
		status = http.StatusCreated
	}
	return c.JSON(status, toJSON(posted.Message))
}

// hooked reads a message: JSON and forms with a body as everywhere, and anything else as the text itself. What `curl -d`
// sends says that it is a form; it is one when it begins with its field.
func hooked(c echo.Context) (in posting, err error) {
	kind, _, _ := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	if kind == echo.MIMEApplicationJSON || kind == echo.MIMEMultipartForm {
		err = decode(c, &in)
	} else {
		in, err = rawBody(c, kind == echo.MIMEApplicationForm)
	}
	in.Key = cmp.Or(in.Key, c.Request().Header.Get("Idempotency-Key"), c.QueryParam("key"))
	return in, err
}

func rawBody(c echo.Context, perhapsForm bool) (posting, error) {
	raw, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return posting{}, unreadable(err)
	}
	if !perhapsForm || !bytes.HasPrefix(raw, []byte("body=")) {
		return posting{Body: string(raw)}, nil
	}
	form, err := url.ParseQuery(string(raw))
	return posting{Body: form.Get("body"), Key: form.Get("key")}, unreadable(err)
}
