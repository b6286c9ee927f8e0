package handlers

import (
	"charla/handlers/web"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
)

// meCSS is what makes shared markup one's own: the lines of this person are marked by a rule, not in their bytes.
func (s *Server) meCSS(c echo.Context) error {
	css := ""
	if me := web.CallerOf(c); me.SignedIn() {
		css = fmt.Sprintf(".by-%[1]d{--own:1;--message-surface:var(--own-surface);--own-label-display:block}\n"+
			"[data-by~=\"%[1]d\"]{--reaction-border:var(--accent);--reaction-text:var(--accent);--reaction-weight:700}\n", me.User.ID)
	}
	return c.Blob(http.StatusOK, "text/css; charset=utf-8", []byte(css))
}
