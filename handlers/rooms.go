package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) roomRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/rooms", Handler: s.listRooms, Access: web.Member,
			Action: chat.JoinRooms,
			Doc: web.Operation{
				Summary:   "Returns the open rooms that the caller can join.",
				Query:     "q after",
				Responses: web.Responses{200: roomsJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/rooms", Handler: s.createRoom, Access: web.Member,
			Action: chat.MakeRooms,
			Doc: web.Operation{
				Summary:   "Creates a room.",
				Body:      createRoomRequest{},
				Responses: web.Responses{201: roomJSON{}},
			},
		},
		{
			Method: http.MethodGet, Path: "/rooms/:id", Handler: s.showRoom, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Returns a room and its members, 50 at a time.",
				Query:     "q after invite",
				Responses: web.Responses{200: membersJSON{}},
			},
		},
	}
}

// roomJSON is a room in JSON responses, with the caller's role and unread count.
type roomJSON struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Unread int    `json:"unread"`
	Access string `json:"access" enum:"invited,open"`
	// of the caller; empty if they are not a member
	Role                 string `json:"role" enum:",member,moderator,owner"`
	web.NotificationJSON        // only in GET /chat
}

// roomsJSON is the JSON response with one page of the list of rooms.
type roomsJSON struct {
	Rooms []roomJSON `json:"rooms"`
	Next  string     `json:"next,omitempty"` // URL of the next page
}

// membersJSON is the JSON response with a room and one page of its members.
type membersJSON struct {
	roomJSON
	Count   int          `json:"count"`
	Members []memberJSON `json:"members"`
	Next    string       `json:"next,omitempty"` // URL of the next page of members
}

func roomToJSON(r chat.Room) roomJSON {
	return roomJSON{ID: r.ID, Name: r.Name, Access: string(r.Access), Role: string(r.Role)}
}

func (s *Server) listRooms(c echo.Context) error {
	if !web.WantsJSON(c) {
		return s.renderRooms(c, http.StatusOK, views.Form{})
	}
	rooms, next, err := s.findOpenRooms(c)
	if err != nil {
		return err
	}
	out := roomsJSON{Rooms: make([]roomJSON, len(rooms)), Next: next}
	for i, r := range rooms {
		out.Rooms[i] = roomToJSON(r)
	}
	return c.JSON(http.StatusOK, out)
}

// findOpenRooms returns one page of the rooms that the caller can join, and the URL of the next page ("" after the
// last).
func (s *Server) findOpenRooms(c echo.Context) (rooms []chat.Room, next string, err error) {
	query := c.QueryParam("q")
	after, err := web.QueryNumber(c, "after")
	if err != nil {
		return nil, "", err
	}
	rooms, more, err := s.chat.OpenRooms(c.Request().Context(), web.CurrentUser(c), query, after)
	if more {
		next = views.NextPageURL("/rooms", query, rooms[len(rooms)-1].ID)
	}
	return rooms, next, err
}

// renderRooms answers with the page that lists the rooms to join. form is the content of the form that creates a room.
func (s *Server) renderRooms(c echo.Context, status int, form views.Form) error {
	rooms, next, err := s.findOpenRooms(c)
	if err != nil {
		return err
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	list := views.RoomList{
		Rooms: rooms, Query: c.QueryParam("q"), NextURL: next, Form: form,
		MayMake: s.chat.CheckPermission(c.Request().Context(), web.CurrentUser(c), chat.MakeRooms) == nil,
	}
	return s.Render(c, status, views.RoomsPage(s.Page(c), side, list))
}

// createRoomRequest is the form or JSON that creates a room.
type createRoomRequest struct {
	Name   string `form:"name" json:"name" required:"true"`
	Access string `form:"access" json:"access" required:"true" enum:"invited,open"`
}

func (s *Server) createRoom(c echo.Context) error {
	var in createRoomRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	me := web.CurrentUser(c)
	if err := s.limits.NewRooms.AllowUser(me); err != nil {
		return err
	}
	newRoom := chat.NewRoom{Name: in.Name, Access: chat.Access(in.Access)}
	room, err := s.chat.CreateRoom(c.Request().Context(), me, newRoom)
	if fields := chat.FieldErrors(err); len(fields) > 0 && !web.WantsJSON(c) {
		_, status := web.ClassifyError(c, err)
		values := map[string]string{"name": in.Name, "access": in.Access}
		return s.renderRooms(c, status, views.Form{Values: values, Errors: fields})
	}
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusCreated, roomToJSON(room))
	}
	return web.Redirect(c, views.MessagesURL(room.Ref()))
}

func (s *Server) showRoom(c echo.Context) error {
	info, err := s.loadRoom(c)
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		return s.renderRoomJSON(c, info)
	}
	if info.InviteQuery != "" {
		people, err := s.chat.FindNonMembers(c.Request().Context(), web.CurrentUser(c), info.Room, info.InviteQuery)
		if err != nil {
			return err
		}
		info.InviteResults = s.searchResults(people)
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, views.RoomPage(s.Page(c), side, info))
}

// loadRoom returns the room that the request names, with one page of its members.
func (s *Server) loadRoom(c echo.Context) (views.RoomDetails, error) {
	room, err := s.chat.Room(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
	if err != nil {
		return views.RoomDetails{}, err
	}
	info := views.RoomDetails{Room: room, Query: c.QueryParam("q"), InviteQuery: c.QueryParam("invite")}
	after, err := web.QueryNumber(c, "after")
	if err != nil {
		return views.RoomDetails{}, err
	}
	members, more, err := s.chat.Members(c.Request().Context(), room, info.Query, after)
	if err != nil {
		return views.RoomDetails{}, err
	}
	if more {
		info.NextURL = views.MembersURL(room.ID, info.Query, members[len(members)-1].ID)
	}
	ids := make([]int64, len(members))
	for i, m := range members {
		ids[i] = m.ID
	}
	online := s.hub.Online(ids...)
	for _, m := range members {
		info.Members = append(info.Members, views.Member{Member: m, Online: online[m.ID]})
	}
	return info, nil
}

func (s *Server) renderRoomJSON(c echo.Context, info views.RoomDetails) error {
	out := membersJSON{
		roomJSON: roomToJSON(info.Room), Count: info.Room.MemberCount, Members: []memberJSON{}, Next: info.NextURL,
	}
	if info.IsMember() {
		conv, err := s.chat.Conversation(c.Request().Context(), web.CurrentUser(c), info.Ref())
		if err != nil {
			return err
		}
		out.Unread = conv.Unread
	}
	for _, m := range info.Members {
		member := memberJSON{m.ID, m.Name, m.Handle, web.AvatarURL(m.Avatar), m.Online, string(m.Role), m.IsBot}
		out.Members = append(out.Members, member)
	}
	return c.JSON(http.StatusOK, out)
}
