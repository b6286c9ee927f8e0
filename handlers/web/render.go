// Package web holds what every handler needs: reading requests, the choice between HTML and JSON, pages and errors,
// sessions and cookies, rate limits, and the routes with their facts.
package web

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"time"

	"charla/chat"
	"charla/static"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

// HTMLType is the Content-Type of a page or a fragment.
const HTMLType = "text/html; charset=utf-8"

// Renderer renders templ components in the language of the caller.
type Renderer struct {
	Chat     *chat.Service
	TimeZone *time.Location // of the dates on the page
	TLS      bool           // this process terminates TLS itself
	HTTPS    bool           // browsers reach Charla over TLS, which this process or a proxy terminates
}

var bufferPool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Render answers with a component. It renders into a buffer first, so a component that fails to render sends nothing.
// The component is rendered even if the client has disconnected.
func (r *Renderer) Render(c echo.Context, status int, component templ.Component) error {
	b := bufferPool.Get().(*bytes.Buffer)
	defer bufferPool.Put(b)
	b.Reset()
	if err := component.Render(context.WithoutCancel(c.Request().Context()), b); err != nil {
		return err
	}
	return c.Blob(status, HTMLType, b.Bytes())
}

// Locale returns the language that the caller chose in the settings, or else the one that the browser prefers.
func (r *Renderer) Locale(c echo.Context) views.Locale {
	lang := views.MatchLang(CurrentUser(c).Locale, c.Request().Header.Get("Accept-Language"))
	return views.Locale{Lang: lang, Zone: r.TimeZone}
}

// Page returns what every full page needs.
func (r *Renderer) Page(c echo.Context) views.Page {
	return views.Page{
		Locale:   r.Locale(c),
		Nonce:    nonce(c),
		Me:       CurrentUser(c),
		HTTP2:    r.Multiplexed(c),
		Media:    r.Chat.Media(),
		AssetURL: static.URL,
	}
}

// Multiplexed reports whether the browser can hold many streams on one connection. It can if HTTP/2 reaches this
// process, and it is assumed to if a proxy terminates TLS, because common proxies then speak HTTP/2.
func (r *Renderer) Multiplexed(c echo.Context) bool {
	return c.Request().ProtoMajor >= 2 || r.HTTPS && !r.TLS
}

// RenderErrorPage answers with the page of an error.
func (r *Renderer) RenderErrorPage(c echo.Context, e *chat.Error, status int) error {
	p := r.Page(c)
	return r.Render(c, status, views.ErrorPage(p, status, p.Error(e), RequestID(c)))
}

// RerenderForm shows a refused form again with its errors: htmx gets the result of form, a browser the result of
// page. It returns err unchanged if the caller wants JSON or if the error belongs to no field, except for failed
// logins and rate limits, which are shown above the form.
func (r *Renderer) RerenderForm(
	c echo.Context, err error, page, form func(map[string]*chat.Error) templ.Component,
) error {
	fields := chat.FieldErrors(err)
	switch code := chat.CodeOf(err); {
	case WantsJSON(c):
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
		return r.Render(c, status, form(fields))
	}
	return r.Render(c, status, page(fields))
}

// Finish answers an action that has no result to show: JSON callers get 204, browsers are redirected.
func Finish(c echo.Context, to string) error {
	if WantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return Redirect(c, to)
}

// Accepted answers a request that may send an e-mail, the same whether one is sent or not: JSON callers get 202,
// browsers are redirected.
func Accepted(c echo.Context, to string) error {
	if WantsJSON(c) {
		return c.NoContent(http.StatusAccepted)
	}
	return Redirect(c, to)
}
