package handlers

import (
	"bytes"
	"context"
	"net/http"
	"sync"

	"charla/chat"
	"charla/static"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// render writes a component whole or not at all, also to a client that has closed its own side.
func (s *Server) render(c echo.Context, status int, component templ.Component) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := component.Render(context.WithoutCancel(c.Request().Context()), b); err != nil {
		return err
	}
	return c.Blob(status, "text/html; charset=utf-8", b.Bytes())
}

// locale is the language of a request: the person's own choice, else what the browser prefers.
func (s *Server) locale(c echo.Context) views.Locale {
	lang := views.MatchLang(visitorOf(c).User.Locale, c.Request().Header.Get("Accept-Language"))
	return views.Locale{Lang: lang, Zone: s.config.Zone}
}

// page holds what every full page needs.
func (s *Server) page(c echo.Context) views.Page {
	nonce, _ := c.Get(nonceKey).(string)
	return views.Page{
		Locale:     s.locale(c),
		Nonce:      nonce,
		Me:         visitorOf(c).User,
		Background: s.multiplexed(c),
		Reach:      s.chat.Reach(),
		Asset:      static.Path,
	}
}

// multiplexed tells whether the browser has room for many streams: HTTP/2 ends here or, as good proxies do, at the one
// that gives us an https address.
func (s *Server) multiplexed(c echo.Context) bool {
	return c.Request().ProtoMajor >= 2 || s.https() && !s.config.TLS
}

func (s *Server) errorPage(c echo.Context, e *chat.Error, status int) templ.Component {
	p := s.page(c)
	return views.ErrorPage(p, status, p.Error(e), requestID(c))
}

// answerForm shows a form again with what was wrong: the form alone to htmx, the page to a browser. Errors that belong to
// no form go on to fail.
func (s *Server) answerForm(c echo.Context, err error, page, form func(map[string]*chat.Error) templ.Component) error {
	fields := chat.FieldErrors(err)
	switch code := chat.CodeOf(err); {
	case failsInJSON(c):
		return err
	case len(fields) == 0 && (code == chat.Unauthenticated || code == chat.TooMany):
		e, _ := understand(c, err)
		fields[""] = e
		retryAfter(c, e)
	case len(fields) == 0:
		return err
	}
	_, status := understand(c, err)
	if isHX(c) {
		return s.render(c, status, form(fields))
	}
	return s.render(c, status, page(fields))
}

func (s *Server) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

func (s *Server) readyz(c echo.Context) error {
	if err := s.config.Ping(c.Request().Context()); err != nil {
		return err
	}
	answer := "ok"
	for _, notice := range s.config.Notices {
		if text := notice(); text != "" {
			answer += ", but " + text
		}
	}
	return c.String(http.StatusOK, answer+"\n")
}
