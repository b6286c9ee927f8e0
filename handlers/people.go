package handlers

import (
	"context"
	"log/slog"
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) peopleRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/people", Handler: s.listPeople, Access: web.Member,
			Action: chat.ManagePeople,
			Doc: web.Operation{
				Summary:   "Returns all accounts.",
				Query:     "q after",
				Responses: web.Responses{200: accountsJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/people/:id/disable", Handler: s.disablePerson, Access: web.Member,
			Action: chat.ManagePeople,
			Doc: web.Operation{
				Summary:   "Disables an account and ends its sessions.",
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/people/:id/enable", Handler: s.enablePerson, Access: web.Member,
			Action: chat.ManagePeople,
			Doc: web.Operation{
				Summary:   "Enables a disabled account.",
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/people/:id/admin", Handler: s.makeAdmin, Access: web.Member,
			Action: chat.ChangeRoles,
			Doc: web.Operation{
				Summary:   "Makes a person an admin.",
				Responses: web.Responses{204: nil},
			},
		},
	}
}

// accountJSON is an account in JSON responses to admins.
type accountJSON struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Handle   string `json:"handle"`
	Avatar   string `json:"avatar_url,omitempty"`
	Email    string `json:"email"`
	Online   bool   `json:"online"`
	Role     string `json:"role" enum:"guest,member,moderator,admin,owner"`
	Disabled bool   `json:"disabled"`
	Owner    int64  `json:"owner,omitempty"` // the user that a bot belongs to
	Bot      bool   `json:"bot,omitempty"`
}

// accountsJSON is the JSON response with one page of the list of accounts.
type accountsJSON struct {
	People []accountJSON `json:"people"`
	Next   string        `json:"next,omitempty"` // URL of the next page
}

// listPeople answers with one page of the list of all accounts. Only admins may call it.
func (s *Server) listPeople(c echo.Context) error {
	query := c.QueryParam("q")
	after, err := web.QueryNumber(c, "after")
	if err != nil {
		return err
	}
	users, more, err := s.chat.AllUsers(c.Request().Context(), web.CurrentUser(c), query, after)
	if err != nil {
		return err
	}
	next := ""
	if more {
		next = views.NextPageURL("/people", query, users[len(users)-1].ID)
	}
	ids := make([]int64, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	online := s.hub.Online(ids...)
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, accountsToJSON(users, online, next))
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	directory := views.Directory{Users: make([]views.DirectoryUser, len(users)), Query: query, NextURL: next}
	for i, u := range users {
		directory.Users[i] = views.DirectoryUser{User: u, Online: online[u.ID]}
	}
	return s.Render(c, http.StatusOK, views.PeoplePage(s.Page(c), side, directory))
}

func accountsToJSON(users []chat.User, online map[int64]bool, next string) accountsJSON {
	out := accountsJSON{People: make([]accountJSON, len(users)), Next: next}
	for i, u := range users {
		out.People[i] = accountJSON{
			ID: u.ID, Name: u.Name, Handle: u.Handle, Avatar: web.AvatarURL(u.Avatar), Email: u.Email,
			Online: online[u.ID], Role: string(u.Role), Disabled: u.Disabled(), Owner: u.OwnerID, Bot: u.IsBot(),
		}
	}
	return out
}

func (s *Server) disablePerson(c echo.Context) error {
	return s.manageUser(c, "deactivation", s.chat.DisableUser)
}

func (s *Server) enablePerson(c echo.Context) error {
	return s.manageUser(c, "reactivation", s.chat.EnableUser)
}

func (s *Server) makeAdmin(c echo.Context) error {
	return s.manageUser(c, "change of role to admin", func(ctx context.Context, by chat.User, user int64) error {
		return s.chat.SetRole(ctx, by, user, chat.RoleAdmin)
	})
}

// manageUser calls one of the functions above for the user in the path, and logs it as the given action.
func (s *Server) manageUser(
	c echo.Context, action string, do func(ctx context.Context, by chat.User, user int64) error,
) error {
	user := web.ParseID(c.Param("id"))
	err := do(c.Request().Context(), web.CurrentUser(c), user)
	s.logSecurity(c, action, err, userAttr(user), slog.Int64("by", web.CurrentUser(c).ID))
	if err != nil {
		return err
	}
	return web.Finish(c, "/people")
}
