package handlers

import (
	"net/http"
	"slices"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) sidebarRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/chat", Handler: s.chatPage, Access: web.Member,
			Doc: web.Operation{
				Summary: "Returns the caller, their rooms, and people: those they talked with, then those online, " +
					"then others by name.",
				Query:     "q after",
				Responses: web.Responses{200: chatJSON{}},
			},
		},
	}
}

// How many people a search brings, and how many people JSON lists where nothing is searched.
const (
	maxSearchResults = 50
	maxListedPeople  = 200
)

func (s *Server) chatPage(c echo.Context) error {
	if web.WantsJSON(c) {
		return s.writeChatJSON(c)
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	if c.QueryParams().Has("q") {
		if err = s.searchPeople(c, &side); err != nil {
			return err
		}
	}
	if c.QueryParams().Has("gone") {
		return s.Render(c, http.StatusOK, views.RemovedFromRoomPage(s.Page(c), side))
	}
	return s.Render(c, http.StatusOK, views.ChatPage(s.Page(c), side))
}

// sidebar gathers the conversations of the person who asks, and who is here.
func (s *Server) sidebar(c echo.Context, current chat.StreamKey) (views.Sidebar, error) {
	conversations, err := s.chat.Conversations(c.Request().Context(), web.CurrentUser(c))
	if err != nil {
		return views.Sidebar{}, err
	}
	people, count := s.hub.OnlineUsers()
	return views.Sidebar{Rows: s.rows(conversations, current), Online: views.OnlineUsers{Users: people, Count: count}}, nil
}

func (s *Server) rows(conversations []chat.Conversation, current chat.StreamKey) []views.ConversationRow {
	peers := make([]int64, len(conversations))
	for i, c := range conversations {
		peers[i] = c.Peer
	}
	online := s.hub.Online(peers...)
	rows := make([]views.ConversationRow, len(conversations))
	for i, c := range conversations {
		rows[i] = views.ConversationRow{Conversation: c, Online: c.Peer != 0 && online[c.Peer], Current: c.StreamKey() == current}
	}
	return rows
}

// searchPeople looks for people by name.
func (s *Server) searchPeople(c echo.Context, side *views.Sidebar) error {
	side.Query, side.Searched = c.QueryParam("q"), true
	after, err := web.QueryNumber(c, "after")
	if err != nil {
		return err
	}
	people, more, err := s.chat.FindUsers(c.Request().Context(), side.Query, after, maxSearchResults)
	if err != nil {
		return err
	}
	if side.Results = s.searchResults(people); more {
		side.NextURL = views.NextPageURL("/chat", side.Query, people[len(people)-1].ID)
	}
	return nil
}

// searchResults says of people whether they are here.
func (s *Server) searchResults(people []chat.UserSummary) []views.FoundUser {
	ids := make([]int64, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	online := s.hub.Online(ids...)
	found := make([]views.FoundUser, len(people))
	for i, p := range people {
		found[i] = views.FoundUser{UserSummary: p, Online: online[p.ID]}
	}
	return found
}

// writeChatJSON lists the rooms, and the people: those talked with first, then who is here, then others by name; with q those
// whose name contains it. Where a list goes on after somebody there are only people, by name.
func (s *Server) writeChatJSON(c echo.Context) error {
	me, query := web.CurrentUser(c), c.QueryParam("q")
	after, err := web.QueryNumber(c, "after")
	if err != nil {
		return err
	}
	conversations, err := s.chat.Conversations(c.Request().Context(), me)
	if err != nil {
		return err
	}
	matches, more, err := s.chat.FindUsers(c.Request().Context(), query, after, maxListedPeople)
	if err != nil {
		return err
	}
	out := chatJSON{Rooms: []roomJSON{}}
	list := peopleList{}
	if after != 0 {
		conversations = nil
	}
	for _, conv := range conversations {
		if conv.Kind == chat.Channel {
			out.Rooms = append(out.Rooms, roomJSON{conv.Room, conv.Name, conv.Unread, string(conv.Access), string(conv.Role)})
		} else if conv.Peer != me.ID && query == "" {
			list.add(chat.UserSummary{ID: conv.Peer, Name: conv.Name, Avatar: conv.PeerAvatar, IsBot: conv.PeerIsBot}, conv.Unread)
		}
	}
	if here, _ := s.hub.OnlineUsers(); query == "" && after == 0 {
		list.addAll(here, me)
	}
	if added := list.addAll(matches, me); added > 0 && (more || added < len(matches)) {
		out.Next = views.NextPageURL("/chat", query, matches[added-1].ID)
	}
	out.People = list.withPresence(s.hub.Online)
	out.Me = s.selfJSON(me)
	return c.JSON(http.StatusOK, out)
}

// selfJSON is who asks, as a person.
func (s *Server) selfJSON(me chat.User) personJSON {
	return personJSON{ID: me.ID, Name: me.Name, Avatar: web.AvatarURL(me.Avatar), Online: s.hub.IsOnline(me.ID), Bot: me.IsBot()}
}

// peopleList collects people once each.
type peopleList []personJSON

func (l *peopleList) add(p chat.UserSummary, unread int) {
	if !slices.ContainsFunc(*l, func(q personJSON) bool { return q.ID == p.ID }) {
		*l = append(*l, personJSON{ID: p.ID, Name: p.Name, Avatar: web.AvatarURL(p.Avatar), Unread: unread, Bot: p.IsBot})
	}
}

// addAll adds people but me, while there is room for at least one, up to maxListedPeople, and returns how many it got through.
func (l *peopleList) addAll(people []chat.UserSummary, me chat.User) int {
	for i, p := range people {
		if i > 0 && len(*l) >= maxListedPeople {
			return i
		}
		if p.ID != me.ID {
			l.add(p, 0)
		}
	}
	return len(people)
}

func (l peopleList) withPresence(online func(...int64) map[int64]bool) []personJSON {
	ids := make([]int64, len(l))
	for i, p := range l {
		ids[i] = p.ID
	}
	here := online(ids...)
	people := make([]personJSON, len(l))
	for i, p := range l {
		people[i] = p
		people[i].Online = here[p.ID]
	}
	return people
}
