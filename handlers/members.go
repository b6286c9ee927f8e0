package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) memberRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/rooms/:id/join", Handler: s.joinRoom, Access: web.Member,
			Action: chat.JoinRooms,
			Doc: web.Operation{
				Summary:   "Joins an open room.",
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/rooms/:id/leave", Handler: s.leaveRoom, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Leaves a room. If the owner leaves, another member becomes owner.",
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/rooms/:id/members", Handler: s.inviteMember, Access: web.Member,
			Action: chat.InviteToOpenRoom,
			Doc: web.Operation{
				Summary:   "Adds a person to a room.",
				Body:      inviteRequest{},
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/rooms/:id/members/:user/remove",
			Handler: s.removeMember, Access: web.Member, Action: chat.RemoveFromRoom,
			Doc: web.Operation{
				Summary:   "Removes a person from a room.",
				Responses: web.Responses{204: nil},
			},
		},
	}
}

// memberJSON is a member of a room in JSON responses.
type memberJSON struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Handle string `json:"handle"`
	Avatar string `json:"avatar_url,omitempty"`
	Online bool   `json:"online"`
	Role   string `json:"role" enum:"member,moderator,owner"`
	Bot    bool   `json:"bot,omitempty"`
}

func (s *Server) joinRoom(c echo.Context) error {
	id := web.ParseID(c.Param("id"))
	if err := s.chat.JoinRoom(c.Request().Context(), web.CurrentUser(c), id); err != nil {
		return err
	}
	return web.Finish(c, views.MessagesURL(chat.ConversationRef{Room: id}))
}

func (s *Server) leaveRoom(c echo.Context) error {
	if err := s.chat.LeaveRoom(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id"))); err != nil {
		return err
	}
	if web.CurrentUser(c).IsGuest() { // who may not see the list of rooms
		return web.Finish(c, "/chat")
	}
	return web.Finish(c, "/rooms")
}

// inviteRequest is the form or JSON that adds a user to a room.
type inviteRequest struct {
	User web.ID `form:"user" json:"user" required:"true"`
}

func (s *Server) inviteMember(c echo.Context) error {
	var in inviteRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	room := web.ParseID(c.Param("id"))
	if err := s.chat.Invite(c.Request().Context(), web.CurrentUser(c), room, int64(in.User)); err != nil {
		return err
	}
	return web.Finish(c, views.RoomURL(room))
}

func (s *Server) removeMember(c echo.Context) error {
	room, user := web.ParseID(c.Param("id")), web.ParseID(c.Param("user"))
	if err := s.chat.RemoveMember(c.Request().Context(), web.CurrentUser(c), room, user); err != nil {
		return err
	}
	return web.Finish(c, views.RoomURL(room))
}
