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

// accountDeletionPage asks for the password, and what shall become of what the person wrote.
func (s *Server) accountDeletionPage(c echo.Context) error {
	if web.WantsJSON(c) {
		return web.ErrHTMLOnly
	}
	form := views.Form{Values: map[string]string{"messages": string(chat.KeepMessages)}}
	return s.Render(c, http.StatusOK, views.AccountDeletionPage(s.Page(c), form))
}

type deleteAccountRequest struct {
	Current  string `form:"current" json:"current"`
	Messages string `form:"messages" json:"messages"`
}

// deleteAccount spends a turn of those who try passwords. What is in the browser goes with the account.
func (s *Server) deleteAccount(c echo.Context) error {
	var in deleteAccountRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	me, places := s.draftedConversations(c)
	err := s.limits.PasswordChecks.AllowUser(me)
	if err == nil {
		err = s.chat.DeleteAccount(c.Request().Context(), me, in.Current, chat.ContentPolicy(in.Messages))
	}
	if err != nil {
		return s.rerenderAccountDeletion(c, in, err)
	}
	s.clearBrowserData(c)
	switch {
	case web.WantsJSON(c):
		return c.NoContent(http.StatusNoContent)
	case web.IsHTMX(c):
		return s.Render(c, http.StatusOK, views.AccountDeletedResponse(s.Locale(c), me.ID, places))
	default:
		return web.Redirect(c, "/login?ended=deleted")
	}
}

// rerenderAccountDeletion shows the form again.
func (s *Server) rerenderAccountDeletion(c echo.Context, in deleteAccountRequest, err error) error {
	form := func(e map[string]*chat.Error) views.Form {
		return views.Form{Values: map[string]string{"messages": in.Messages}, Errors: e}
	}
	return s.RerenderForm(c, err,
		func(e map[string]*chat.Error) templ.Component { return views.AccountDeletionPage(s.Page(c), form(e)) },
		func(e map[string]*chat.Error) templ.Component { return views.AccountDeletionForm(s.Page(c), form(e)) })
}

// clearBrowserData takes away the cookies of somebody who is no more, one of which holds their address, and what else the
// browser keeps.
func (s *Server) clearBrowserData(c echo.Context) {
	s.sessions.DeleteCookies(c)
	s.clearStorage(c)
}

// clearStorage asks a browser to forget what it keeps of this site besides cookies. Over plain http it does not listen.
func (s *Server) clearStorage(c echo.Context) {
	if s.HTTPS {
		c.Response().Header().Set("Clear-Site-Data", `"storage"`)
	}
}
