package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

func (s *Server) accountDeletionRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/settings/delete", Handler: s.accountDeletionPage, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Shows the form to delete the account. Only for browsers.",
				Responses: web.Responses{200: web.HTML},
			},
		},
		{
			Method: http.MethodPost, Path: "/settings/delete", Handler: s.deleteAccount, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Deletes the account, and keeps or deletes its messages.",
				Body:      deleteAccountRequest{},
				Responses: web.Responses{204: nil},
			},
		},
	}
}

// accountDeletionPage answers with the page on which users delete their account. The form asks for the password and
// whether to keep the user's messages.
func (s *Server) accountDeletionPage(c echo.Context) error {
	if web.WantsJSON(c) {
		return web.ErrHTMLOnly
	}
	form := views.Form{Values: map[string]string{"messages": string(chat.KeepMessages)}}
	return s.Render(c, http.StatusOK, views.AccountDeletionPage(s.Page(c), form))
}

// deleteAccountRequest is the form or JSON with which the caller deletes their own account.
type deleteAccountRequest struct {
	Current  string `form:"current" json:"current" required:"true" max:"4096"` // the password
	Messages string `form:"messages" json:"messages" required:"true" enum:"delete,keep"`
}

// deleteAccount deletes the caller's account. It also makes the browser delete the cookies and everything else that it
// stores for this site.
func (s *Server) deleteAccount(c echo.Context) error {
	var in deleteAccountRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	me := web.CurrentUser(c)
	err := s.limits.PasswordChecks.AllowUser(me)
	if err == nil {
		err = s.chat.DeleteAccount(c.Request().Context(), me, in.Current, chat.ContentPolicy(in.Messages))
	}
	s.logOwnAction(c, "account deletion", err)
	if err != nil {
		return s.rerenderAccountDeletion(c, in, err)
	}
	s.sessions.DeleteCookies(c)
	s.clearStorage(c)
	if web.WantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	if web.IsHTMX(c) {
		return s.Render(c, http.StatusOK, views.AccountDeletedResponse(s.Locale(c), me.ID))
	}
	return web.Redirect(c, "/login?ended=deleted")
}

// rerenderAccountDeletion answers a refused deletion with the same form again, which shows err.
func (s *Server) rerenderAccountDeletion(c echo.Context, in deleteAccountRequest, err error) error {
	form := func(e map[string]*chat.Error) views.Form {
		return views.Form{Values: map[string]string{"messages": in.Messages}, Errors: e}
	}
	return s.RerenderForm(c, err,
		func(e map[string]*chat.Error) templ.Component { return views.AccountDeletionPage(s.Page(c), form(e)) },
		func(e map[string]*chat.Error) templ.Component { return views.AccountDeletionForm(s.Page(c), form(e)) })
}

// clearStorage sets the header that makes the browser delete everything that it stores for this site except cookies.
// Browsers obey this header only over https.
func (s *Server) clearStorage(c echo.Context) {
	if s.HTTPS {
		c.Response().Header().Set("Clear-Site-Data", `"storage"`)
	}
}
