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

var bufferPool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Render writes a component whole or not at all, also to a client that has closed its own side.
func (s *Server) Render(c echo.Context, status int, component templ.Component) error {
	b := bufferPool.Get().(*bytes.Buffer)
	defer bufferPool.Put(b)
	b.Reset()
	if err := component.Render(context.WithoutCancel(c.Request().Context()), b); err != nil {
		return err
	}
	return c.Blob(status, "text/html; charset=utf-8", b.Bytes())
}

// Locale is the language of a request: the person's own choice, else what the browser prefers.
func (s *Server) Locale(c echo.Context) views.Locale {
	lang := views.MatchLang(CallerOf(c).User.Locale, c.Request().Header.Get("Accept-Language"))
	return views.Locale{Lang: lang, Zone: s.config.TimeZone}
}

// Page holds what every full page needs.
func (s *Server) Page(c echo.Context) views.Page {
	nonce, _ := c.Get(nonceKey).(string)
	return views.Page{
		Locale:   s.Locale(c),
		Nonce:    nonce,
		Me:       CallerOf(c).User,
		HTTP2:    s.Multiplexed(c),
		Media:    s.chat.Media(),
		AssetURL: static.URL,
	}
}

// Multiplexed tells whether the browser has room for many streams: HTTP/2 ends here or, as good proxies do, at the one
// that gives us an https address.
func (s *Server) Multiplexed(c echo.Context) bool {
	return c.Request().ProtoMajor >= 2 || s.https() && !s.config.TLS
}

func (s *Server) errorPage(c echo.Context, e *chat.Error, status int) templ.Component {
	p := s.Page(c)
	return views.ErrorPage(p, status, p.Error(e), RequestID(c))
}

// RerenderForm shows a form again with what was wrong: the form alone to htmx, the page to a browser. Errors that belong to
// no form go on to fail.
func (s *Server) RerenderForm(c echo.Context, err error, page, form func(map[string]*chat.Error) templ.Component) error {
	fields := chat.FieldErrors(err)
	switch code := chat.CodeOf(err); {
	case WantsJSONErrors(c):
		return err
	case len(fields) == 0 && (code == chat.Unauthenticated || code == chat.TooMany):
		e, _ := ClassifyError(c, err)
		fields[""] = e
		SetRetryAfter(c, e)
	case len(fields) == 0:
		return err
	}
	_, status := ClassifyError(c, err)
	if IsHTMX(c) {
		return s.Render(c, status, form(fields))
	}
	return s.Render(c, status, page(fields))
}

func (s *Server) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

func (s *Server) readyz(c echo.Context) error {
	if err := s.config.Ping(c.Request().Context()); err != nil {
		return err
	}
	answer := "ok"
	for _, notice := range s.config.Warnings {
		if text := notice(); text != "" {
			answer += ", but " + text
		}
	}
	return c.String(http.StatusOK, answer+"\n")
}

// accepted answers who has a letter sent: the same whether it goes out or not.
func accepted(c echo.Context, to string) error {
	if WantsJSON(c) {
		return c.NoContent(http.StatusAccepted)
	}
	return Redirect(c, to)
}

// finish answers a deed that has nothing to show: a program gets 204, a browser goes on.
func finish(c echo.Context, to string) error {
	if WantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return Redirect(c, to)
}
