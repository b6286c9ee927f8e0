package handlers

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"charla/chat"
	"charla/handlers/web"
	"charla/static"
	"charla/views"

	"github.com/labstack/echo/v4"
)

// wellKnownRoutes returns the routes whose paths browsers, crawlers, password managers and security researchers know
// from standards.
func (s *Server) wellKnownRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/favicon.ico", Handler: favicon, Access: web.Anonymous, Asset: true,
			Doc: web.Operation{
				Summary:   "Returns the icon for programs that look for it at this path.",
				Responses: web.Responses{200: web.MediaType("image/x-icon")},
			},
		},
		{
			Method: http.MethodGet, Path: "/manifest.webmanifest", Handler: s.manifest, Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Returns the manifest with which browsers install the chat as an app.",
				Responses: web.Responses{200: web.MediaType("application/manifest+json")},
			},
		},
		{
			Method: http.MethodGet, Path: "/robots.txt", Handler: robots, Access: web.Anonymous, Asset: true,
			Doc: web.Operation{
				Summary:   "Tells crawlers which pages they may read: those for people without an account.",
				Responses: web.Responses{200: web.MediaType("text/plain")},
			},
		},
		{
			Method: http.MethodGet, Path: "/.well-known/security.txt", Handler: s.securityTxt, Access: web.Anonymous,
			Asset: true,
			Doc: web.Operation{
				Summary: "Returns whom to tell about a vulnerability (RFC 9116), or 404 if the operator has set no " +
					"contact.",
				Responses: web.Responses{200: web.MediaType("text/plain")},
			},
		},
		{
			Method: http.MethodGet, Path: "/.well-known/change-password", Handler: changePasswordURL,
			Access: web.Anonymous, Asset: true,
			Doc: web.Operation{
				Summary:   "Redirects password managers to the page where one changes the password.",
				Responses: web.Responses{302: nil},
			},
		},
	}
}

// wellKnownMaxAge is the Cache-Control header of answers that hardly ever change.
const wellKnownMaxAge = "public, max-age=86400"

// sendWellKnown answers with content that hardly ever changes, or with status 304 if the client has it already.
func sendWellKnown(c echo.Context, contentType string, content []byte) error {
	etag := fmt.Sprintf(`"%x"`, sha256.Sum256(content))
	c.Response().Header().Set("Cache-Control", wellKnownMaxAge)
	c.Response().Header().Set("ETag", etag)
	if static.NotModified(c.Request(), etag) {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, contentType, content)
}

func favicon(c echo.Context) error {
	content, contentType := static.Content("favicon.ico")
	return sendWellKnown(c, contentType, content)
}

// manifest is the web app manifest. Its members have the names of the W3C specification.
type manifest struct {
	ID              string         `json:"id"`
	Name            string         `json:"name"`
	ShortName       string         `json:"short_name"`
	Description     string         `json:"description"`
	Lang            string         `json:"lang"`
	Dir             string         `json:"dir"`
	StartURL        string         `json:"start_url"`
	Scope           string         `json:"scope"`
	Display         string         `json:"display"`
	ThemeColor      string         `json:"theme_color"`
	BackgroundColor string         `json:"background_color"`
	Icons           []manifestIcon `json:"icons"`
}

type manifestIcon struct {
	Source  string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose"`
}

// manifest answers with the manifest in the language that the browser prefers, and with the name of the community.
func (s *Server) manifest(c echo.Context) error {
	l := s.Locale(c)
	icon := func(name, sizes, contentType, purpose string) manifestIcon {
		return manifestIcon{static.URL(name), sizes, contentType, purpose}
	}
	content, err := json.Marshal(manifest{
		ID: "/", Name: l.CommunityName(), ShortName: l.CommunityName(), Description: l.Description(), Lang: l.Lang,
		Dir: "auto", StartURL: "/chat", Scope: "/", Display: "standalone",
		ThemeColor: views.LightBackground, BackgroundColor: views.LightBackground,
		Icons: []manifestIcon{
			icon("icon-192.png", "192x192", "image/png", "any"),
			icon("icon-512.png", "512x512", "image/png", "any"),
			icon("icon-maskable-512.png", "512x512", "image/png", "maskable"),
			icon("icon.svg", "any", "image/svg+xml", "any"),
		},
	})
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/manifest+json", content)
}

// robotsTxt lets crawlers read only the pages for people without an account, so that people find the chat by its name.
// Messages need a session anyway.
const robotsTxt = `# This is a private chat. Only the pages for people without an account are public.
User-agent: *
Allow: /$
Allow: /login$
Allow: /register$
Allow: /static/
Disallow: /
`

func robots(c echo.Context) error {
	return sendWellKnown(c, echo.MIMETextPlainCharsetUTF8, []byte(robotsTxt))
}

// securityTxtLifetime is how long a copy of security.txt may be trusted. RFC 9116 recommends less than a year.
const securityTxtLifetime = 180 * 24 * time.Hour

func (s *Server) securityTxt(c echo.Context) error {
	if s.config.SecurityContact == "" {
		return chat.ErrNotFound
	}
	expires := time.Now().UTC().Truncate(24 * time.Hour).Add(securityTxtLifetime)
	var b strings.Builder
	fmt.Fprintf(&b, "Contact: %s\nExpires: %s\nPreferred-Languages: en, es\n",
		s.config.SecurityContact, expires.Format(time.RFC3339))
	if base := s.config.BaseURL; base != nil && base.Scheme == "https" {
		fmt.Fprintf(&b, "Canonical: %s\n", base.JoinPath("/.well-known/security.txt"))
	}
	return sendWellKnown(c, echo.MIMETextPlainCharsetUTF8, []byte(b.String()))
}

// changePasswordURL redirects to the form for a new password. Someone who is not signed in gets the sign-in page first.
func changePasswordURL(c echo.Context) error {
	return c.Redirect(http.StatusFound, "/settings#password")
}
