package handlers

import (
	"net/http"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

type roomsJSON struct {
	Rooms []roomJSON `json:"rooms"`
	Next  string     `json:"next,omitempty"` // where the following ones are
}

type memberJSON struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Avatar string `json:"avatar_url,omitempty"`
	Online bool   `json:"online"`
	Role   string `json:"role"`
	Bot    bool   `json:"bot,omitempty"`
}

// membersJSON is a room with a window on its members.
type membersJSON struct {
	roomJSON
	Count   int          `json:"count"`
	Members []memberJSON `json:"members"`
	Next    string       `json:"next,omitempty"` // where the following ones are
}

func roomToJSON(r chat.Room) roomJSON {
	return roomJSON{ID: r.ID, Name: r.Name, Access: string(r.Access), Role: string(r.Role)}
}

func (s *Server) rooms(c echo.Context) error {
	if !wantsJSON(c) {
		return s.lobby(c, http.StatusOK, views.Form{})
	}
	rooms, next, err := s.openRooms(c)
	if err != nil {
		return err
	}
	out := roomsJSON{Rooms: make([]roomJSON, len(rooms)), Next: next}
	for i, r := range rooms {
		out.Rooms[i] = roomToJSON(r)
	}
	return c.JSON(http.StatusOK, out)
}

// openRooms lists rooms to join, and where the following ones are.
func (s *Server) openRooms(c echo.Context) (rooms []chat.Room, next string, err error) {
	query := c.QueryParam("q")
	after, err := queryNumber(c, "after")
	if err != nil {
		return nil, "", err
	}
	rooms, more, err := s.chat.OpenRooms(c.Request().Context(), person(c), query, after)
	if more {
		next = views.ListURL("/rooms", query, rooms[len(rooms)-1].ID)
	}
	return rooms, next, err
}

// lobby is the page of rooms, with the form as it was typed.
func (s *Server) lobby(c echo.Context, status int, form views.Form) error {
	rooms, next, err := s.openRooms(c)
	if err != nil {
		return err
	}
	side, err := s.sidebar(c, chat.Topic{})
	if err != nil {
		return err
	}
	return s.render(c, status, views.Rooms(s.page(c), side, views.Lobby{Rooms: rooms, Query: c.QueryParam("q"), Next: next, Form: form}))
}

type newRoom struct {
	Name   string `form:"name" json:"name"`
	Access string `form:"access" json:"access"`
}

func (s *Server) makeRoom(c echo.Context) error {
	var in newRoom
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.limits.rooms.takeFor(person(c)); err != nil {
		return err
	}
	room, err := s.chat.MakeRoom(c.Request().Context(), person(c), chat.NewRoom{Name: in.Name, Access: chat.Access(in.Access)})
	if fields := chat.FieldErrors(err); len(fields) > 0 && !failsInJSON(c) {
		_, status := understand(c, err)
		return s.lobby(c, status, views.Form{Values: map[string]string{"name": in.Name, "access": in.Access}, Errors: fields})
	}
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return c.JSON(http.StatusCreated, roomToJSON(room))
	}
	return redirect(c, views.MessagesURL(room.Place()))
}

func (s *Server) room(c echo.Context) error {
	info, err := s.roomInfo(c)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return s.roomJSON(c, info)
	}
	if info.Wanted != "" {
		people, err := s.chat.FindOutsiders(c.Request().Context(), info.Room, info.Wanted)
		if err != nil {
			return err
		}
		info.Outsiders = s.found(people)
	}
	side, err := s.sidebar(c, chat.Topic{})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.Room(s.page(c), side, info))
}

// roomInfo gathers a room with a window on its members.
func (s *Server) roomInfo(c echo.Context) (views.RoomInfo, error) {
	room, err := s.chat.Room(c.Request().Context(), person(c), number(c.Param("id")))
	if err != nil {
		return views.RoomInfo{}, err
	}
	info := views.RoomInfo{Room: room, Query: c.QueryParam("q"), Wanted: c.QueryParam("invite")}
	after, err := queryNumber(c, "after")
	if err != nil {
		return views.RoomInfo{}, err
	}
	members, more, err := s.chat.Members(c.Request().Context(), room, info.Query, after)
	if err != nil {
		return views.RoomInfo{}, err
	}
	if more {
		info.Next = views.MembersURL(room.ID, info.Query, members[len(members)-1].ID)
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

func (s *Server) roomJSON(c echo.Context, info views.RoomInfo) error {
	out := membersJSON{roomJSON: roomToJSON(info.Room), Count: info.Room.Members, Members: []memberJSON{}, Next: info.Next}
	if info.IsMember() {
		conv, err := s.chat.Conversation(c.Request().Context(), person(c), info.Place())
		if err != nil {
			return err
		}
		out.Unread = conv.Unread
	}
	for _, m := range info.Members {
		out.Members = append(out.Members, memberJSON{m.ID, m.Name, avatarURL(m.Avatar), m.Online, string(m.Role), m.Bot})
	}
	return c.JSON(http.StatusOK, out)
}

func (s *Server) joinRoom(c echo.Context) error {
	id := number(c.Param("id"))
	if err := s.chat.JoinRoom(c.Request().Context(), person(c), id); err != nil {
		return err
	}
	return done(c, views.MessagesURL(chat.Place{Room: id}))
}

func (s *Server) leaveRoom(c echo.Context) error {
	if err := s.chat.LeaveRoom(c.Request().Context(), person(c), number(c.Param("id"))); err != nil {
		return err
	}
	return done(c, "/rooms")
}

type invitation struct {
	User id `form:"user" json:"user"`
}

func (s *Server) invite(c echo.Context) error {
	var in invitation
	if err := decode(c, &in); err != nil {
		return err
	}
	room := number(c.Param("id"))
	if err := s.chat.Invite(c.Request().Context(), person(c), room, int64(in.User)); err != nil {
		return err
	}
	return done(c, views.RoomURL(room))
}

func (s *Server) removeMember(c echo.Context) error {
	room := number(c.Param("id"))
	if err := s.chat.RemoveMember(c.Request().Context(), person(c), room, number(c.Param("user"))); err != nil {
		return err
	}
	return done(c, views.RoomURL(room))
}

// done answers a deed that has nothing to show: a program gets 204, a browser goes on.
func done(c echo.Context, to string) error {
	if wantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return redirect(c, to)
}
