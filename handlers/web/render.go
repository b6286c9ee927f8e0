// Package web holds what every handler needs: reading requests, the choice between HTML and JSON, pages and errors,
// sessions and cookies, rate limits, and the description of routes.
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

// HTMLType is the Content-Type of HTML pages and fragments.
const HTMLType = "text/html; charset=utf-8"

// Renderer answers requests with templ components in the language of the caller.
type Renderer struct {
	Chat     *chat.Service
	TimeZone *time.Location // of the dates on the page
	TLS      bool           // this process terminates TLS itself
	HTTPS    bool           // browsers reach Charla over TLS, which this process or a proxy terminates
}

var bufferPool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Render answers with a component. It renders the whole component before it sends anything, so that a failure does not
// leave half a page. It renders even if the client has already disconnected.
func (r *Renderer) Render(c echo.Context, status int, component templ.Component) error {
	b := bufferPool.Get().(*bytes.Buffer)
	defer bufferPool.Put(b)
	b.Reset()
	if err := component.Render(context.WithoutCancel(c.Request().Context()), b); err != nil {
		return err
	}
	return c.Blob(status, HTMLType, b.Bytes())
}

// Locale returns the language that the caller has chosen in the settings or, if none is chosen, the language that the
// browser prefers, with the name of the community.
func (r *Renderer) Locale(c echo.Context) views.Locale {
	lang := views.MatchLang(CurrentUser(c).Locale, startOfList(c.Request().Header.Get("Accept-Language")))
	return views.Locale{Lang: lang, Zone: r.TimeZone, Community: r.Chat.Community(c.Request().Context()).Name}
}

// Page returns the values that every full page needs.
func (r *Renderer) Page(c echo.Context) views.Page {
	return views.Page{
		Locale:   r.Locale(c),
		Nonce:    nonce(c),
		Me:       CurrentUser(c),
		HTTP2:    r.Multiplexed(c),
		Media:    r.Chat.Media(),
		AssetURL: static.URL,
		Settings: r.Chat.Community(c.Request().Context()),
		Slot:     r.takePageSlot(c),
	}
}

// Multiplexed reports whether the browser can have many streams open at once on one connection, as HTTP/2 allows. If a
// proxy terminates TLS, the server cannot see the browser's protocol. It then assumes HTTP/2, which common proxies
// offer.
func (r *Renderer) Multiplexed(c echo.Context) bool {
	return c.Request().ProtoMajor >= 2 || r.HTTPS && !r.TLS
}

// RenderErrorPage answers with a page that shows the error e.
func (r *Renderer) RenderErrorPage(c echo.Context, e *chat.Error, status int) error {
	p := r.Page(c)
	return r.Render(c, status, views.ErrorPage(p, status, p.Error(e), RequestID(c)))
}

// RerenderForm answers a refused form with the same form and its errors. page and form return the HTML: page for a
// browser, form for htmx. Besides errors of fields it shows failed sign-ins and rate limits, above the form. It returns
// err unchanged for any other error, or if the caller wants JSON.
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

// Finish answers after an action that has no result to show: programs get status 204, browsers are redirected to the
// given path.
func Finish(c echo.Context, to string) error {
	if WantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return Redirect(c, to)
}

// Accepted answers a request that may cause an e-mail. Programs get status 202, browsers are redirected to the given
// path. The answer does not reveal whether an e-mail is sent.
func Accepted(c echo.Context, to string) error {
	if WantsJSON(c) {
		return c.NoContent(http.StatusAccepted)
	}
	return Redirect(c, to)
}
