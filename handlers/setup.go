package handlers

import (
	"errors"
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

func (s *Server) setupRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/setup/:token", Handler: web.HTMLOnly(s.setupPage), Access: web.Anonymous,
			Doc: web.Operation{
				Summary:   "Shows the page of the set-up link that the server prints at start. Only for browsers.",
				Responses: web.Responses{200: web.HTML},
			},
		},
		{
			Method: http.MethodPost, Path: "/setup/:token", Handler: s.setUp, Access: web.Anonymous,
			Doc: web.Operation{
				Summary: "Creates the first account, which owns the community, and signs in. Answers 409 if there " +
					"are people already.",
				Body:      registerRequest{},
				Responses: web.Responses{201: personJSON{}},
			},
		},
	}
}

// setupPage answers with the page of the set-up link. After the link was used, the page does not exist any more.
func (s *Server) setupPage(c echo.Context) error {
	token := c.Param("token")
	err := s.chat.CheckSetupLink(c.Request().Context(), token)
	if chat.CodeOf(err) == chat.Conflict {
		return chat.ErrNotFound
	}
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, views.SetupPage(s.Page(c), token, views.Form{}))
}

func (s *Server) setUp(c echo.Context) error {
	token := c.Param("token")
	if err := s.chat.CheckSetupLink(c.Request().Context(), token); errors.Is(err, chat.ErrNotFound) {
		return err
	}
	var in registerRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	user, err := s.chat.SetUp(c.Request().Context(), token, in.registration(s.Locale(c)))
	s.logSecurity(c, "set-up", err, userAttr(user.ID))
	if err != nil {
		form := func(e map[string]*chat.Error) views.Form {
			return views.Form{Values: map[string]string{"name": in.Name, "email": in.Email}, Errors: e}
		}
		return s.RerenderForm(c, err,
			func(e map[string]*chat.Error) templ.Component { return views.SetupPage(s.Page(c), token, form(e)) },
			func(e map[string]*chat.Error) templ.Component { return views.SetupForm(s.Page(c), token, form(e)) })
	}
	if err := s.sessions.Start(c, chat.Credentials{User: user}); err != nil {
		return err
	}
	return s.afterLogin(c, http.StatusCreated, user, "/chat")
}
