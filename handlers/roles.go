package handlers

import (
	"log/slog"
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) roleRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/roles", Handler: s.listRoles, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Returns which roles may do what.",
				Responses: web.Responses{200: rolesJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/people/:id/role", Handler: s.setRole, Access: web.Member,
			Action: chat.ChangeRoles,
			Doc: web.Operation{
				Summary: "Changes the role of a person in the community. The owner hands it over by making somebody " +
					"else the owner.",
				Body:      roleRequest{},
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/rooms/:id/members/:user/role",
			Handler: s.setRoomRole, Access: web.Member, Action: chat.ChangeRoomRoles,
			Doc: web.Operation{
				Summary:   "Changes the role of a member of a room.",
				Body:      roomRoleRequest{},
				Responses: web.Responses{204: nil},
			},
		},
	}
}

// rolesJSON is the JSON response with the table of who may do what.
type rolesJSON struct {
	Roles []permissionJSON `json:"roles"`
}

// permissionJSON says who may do an action. RoomRoles is missing for an action that does not happen in a room.
type permissionJSON struct {
	Action    string   `json:"action" example:"make_rooms"`
	Roles     []string `json:"roles" example:"[\"admin\",\"owner\"]"` // roles in the community
	RoomRoles []string `json:"room_roles,omitempty"`                  // roles in the room, each of which suffices too
}

func (s *Server) listRoles(c echo.Context) error {
	if web.WantsJSON(c) {
		out := rolesJSON{}
		for _, p := range s.chat.Community(c.Request().Context()).Permissions() {
			row := permissionJSON{string(p.Action), rolesToJSON(p.CommunityRoles()), rolesToJSON(p.RoomRoles())}
			out.Roles = append(out.Roles, row)
		}
		return c.JSON(http.StatusOK, out)
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, views.RolesPage(s.Page(c), side))
}

func rolesToJSON(roles []chat.Role) []string {
	out := make([]string, len(roles))
	for i, r := range roles {
		out[i] = string(r)
	}
	return out
}

// roleRequest is the form or JSON that changes the role of a person in the community.
type roleRequest struct {
	Role string `form:"role" json:"role" required:"true" enum:"guest,member,moderator,admin,owner"`
}

func (s *Server) setRole(c echo.Context) error {
	var in roleRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	me, user := web.CurrentUser(c), web.ParseID(c.Param("id"))
	err := s.chat.SetRole(c.Request().Context(), me, user, chat.Role(in.Role))
	s.logSecurity(c, "change of role", err, userAttr(user), slog.Int64("by", me.ID))
	if err != nil {
		return err
	}
	if user == me.ID { // they may not see the list of people any more
		return web.Finish(c, "/roles")
	}
	return web.Finish(c, "/people")
}

// roomRoleRequest is the form or JSON that changes the role of a member of a room.
type roomRoleRequest struct {
	Role string `form:"role" json:"role" required:"true" enum:"member,moderator,owner"`
}

func (s *Server) setRoomRole(c echo.Context) error {
	var in roomRoleRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	room, user := web.ParseID(c.Param("id")), web.ParseID(c.Param("user"))
	err := s.chat.SetRoomRole(c.Request().Context(), web.CurrentUser(c), room, user, chat.Role(in.Role))
	if err != nil {
		return err
	}
	return web.Finish(c, views.RoomURL(room))
}
