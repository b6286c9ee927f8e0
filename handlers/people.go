package handlers

import (
	"net/http"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

type accountJSON struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Avatar   string `json:"avatar_url,omitempty"`
	Email    string `json:"email"`
	Online   bool   `json:"online"`
	Role     string `json:"role"`
	Disabled bool   `json:"disabled"`
	Owner    int64  `json:"owner,omitempty"` // whose bot it is
	Bot      bool   `json:"bot,omitempty"`
}

type accountsJSON struct {
	People []accountJSON `json:"people"`
	Next   string        `json:"next,omitempty"` // where the following ones are
}

// people is the admin's list of everybody.
func (s *Server) people(c echo.Context) error {
	query := c.QueryParam("q")
	after, err := queryNumber(c, "after")
	if err != nil {
		return err
	}
	users, more, err := s.chat.Accounts(c.Request().Context(), person(c), query, after)
	if err != nil {
		return err
	}
	next := ""
	if more {
		next = views.ListURL("/people", query, users[len(users)-1].ID)
	}
	ids := make([]int64, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	online := s.hub.Online(ids...)
	if wantsJSON(c) {
		out := accountsJSON{People: make([]accountJSON, len(users)), Next: next}
		for i, u := range users {
			out.People[i] = accountJSON{u.ID, u.Name, avatarURL(u.Avatar), u.Email, online[u.ID], string(u.Role), u.Disabled(), u.OwnerID, u.IsBot()}
		}
		return c.JSON(http.StatusOK, out)
	}
	side, err := s.sidebar(c, chat.Topic{})
	if err != nil {
		return err
	}
	accounts := make([]views.Account, len(users))
	for i, u := range users {
		accounts[i] = views.Account{User: u, Online: online[u.ID]}
	}
	return s.render(c, http.StatusOK, views.Accounts(s.page(c), side, views.Directory{Accounts: accounts, Query: query, Next: next}))
}

func (s *Server) disablePerson(c echo.Context) error {
	if err := s.chat.DisablePerson(c.Request().Context(), person(c), number(c.Param("id"))); err != nil {
		return err
	}
	return done(c, "/people")
}

func (s *Server) enablePerson(c echo.Context) error {
	if err := s.chat.EnablePerson(c.Request().Context(), person(c), number(c.Param("id"))); err != nil {
		return err
	}
	return done(c, "/people")
}

func (s *Server) makeAdmin(c echo.Context) error {
	if err := s.chat.MakeAdmin(c.Request().Context(), person(c), number(c.Param("id"))); err != nil {
		return err
	}
	return done(c, "/people")
}
