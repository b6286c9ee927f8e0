package handlers

import (
	"fmt"
	"net/http"

	"charla/handlers/web"

	"github.com/labstack/echo/v4"
)

func (s *Server) meCSSRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/me.css", Handler: s.meCSS, Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Returns the styles that mark the caller's own messages.",
				Responses: web.Responses{200: web.MediaType("text/css")},
			},
		},
	}
}

// ownRules is the format string of the style rules for one user; its argument is the user's id. A message has the class
// by-ID, where ID is the id of its author. A mention has the class mention-ID. A reaction lists the ids of its users in
// the attribute data-by. A message that waits needs no name and no picture if the last message is the caller's own.
const ownRules = `.by-%[1]d{--own:1;--message-surface:var(--own-surface);--own-label-display:block}
.mention-%[1]d{--mention-surface:var(--own-surface);--mention-weight:700}
[role="log"]:has(.message:last-child.by-%[1]d)+.waiting-messages{
--first-waiting-header:none;--first-waiting-gap:-0.25rem;--first-waiting-padding:0.125rem;--first-waiting-radius:0}
[data-by~="%[1]d"]{--reaction-border:var(--accent);--reaction-text:var(--accent);--reaction-weight:700}
`

// meCSS answers with style rules that mark the caller's own messages and reactions. The HTML of a message is rendered
// once for all readers, so it cannot say which messages are the reader's own.
func (s *Server) meCSS(c echo.Context) error {
	css := ""
	if caller := web.CallerOf(c); caller.SignedIn() {
		css = fmt.Sprintf(ownRules, caller.User.ID)
	}
	return c.Blob(http.StatusOK, "text/css; charset=utf-8", []byte(css))
}
