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
				Query:     "q after open",
				Responses: web.Responses{200: chatJSON{}},
			},
		},
	}
}

// personJSON is a person in the response of GET /chat.
type personJSON struct {
	ID                   int64  `json:"id"`
	Name                 string `json:"name"`
	Handle               string `json:"handle,omitempty"` // absent for a deleted account
	Avatar               string `json:"avatar_url,omitempty"`
	Online               bool   `json:"online"`
	Unread               int    `json:"unread"` // messages from them
	Bot                  bool   `json:"bot,omitempty"`
	web.NotificationJSON        // of the direct conversation; absent from the caller
}

// chatJSON is the JSON response of GET /chat: the caller, other people, and the rooms of the caller.
type chatJSON struct {
	Me     personJSON   `json:"me"`
	People []personJSON `json:"people"`
	Rooms  []roomJSON   `json:"rooms"`
	Next   string       `json:"next,omitempty"` // the URL of the next people

	Checklist []checklistItemJSON `json:"checklist,omitempty"` // steps for a new owner to set up the community
}

const (
	maxSearchResults = 50  // people on a page of search results
	maxListedPeople  = 200 // people in a JSON response
)

// chatPage answers with the sidebar as a page of its own. With a query it also shows the people that the search found.
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
		if c.QueryParam("open") == "first" && web.IsHTMX(c) && len(side.Results) > 0 {
			first := chat.ConversationRef{With: side.Results[0].ID}
			c.Response().Header().Set("HX-Location", views.OpenConversationHeader(first))
			return c.NoContent(http.StatusOK)
		}
	}
	checklist, err := s.chat.Checklist(c.Request().Context(), web.CurrentUser(c))
	if err != nil {
		return err
	}
	if c.QueryParams().Has("gone") {
		return s.Render(c, http.StatusOK, views.RemovedFromRoomPage(s.Page(c), side, checklist))
	}
	return s.Render(c, http.StatusOK, views.ChatPage(s.Page(c), side, checklist))
}

// sidebar returns the content of the sidebar: the caller's conversations and the users who are online. current is the
// conversation that the page shows.
func (s *Server) sidebar(c echo.Context, current chat.StreamKey) (views.Sidebar, error) {
	conversations, err := s.chat.Conversations(c.Request().Context(), web.CurrentUser(c))
	if err != nil {
		return views.Sidebar{}, err
	}
	users, count, err := s.onlineUsers(c.Request().Context(), web.CurrentUser(c))
	if err != nil {
		return views.Sidebar{}, err
	}
	return views.Sidebar{
		Rows: s.rows(conversations, current), Online: views.OnlineUsers{Users: users, Count: count},
	}, nil
}

// rows returns the rows of the sidebar, one for each conversation: whether its other user is online (in a direct
// conversation), and whether it is the current conversation.
func (s *Server) rows(conversations []chat.Conversation, current chat.StreamKey) []views.ConversationRow {
	peers := make([]int64, len(conversations))
	for i, c := range conversations {
		peers[i] = c.Peer
	}
	online := s.hub.Online(peers...)
	rows := make([]views.ConversationRow, len(conversations))
	for i, c := range conversations {
		rows[i] = views.ConversationRow{
			Conversation: c, Online: c.Peer != 0 && online[c.Peer], Current: c.StreamKey() == current,
		}
	}
	return rows
}

// searchPeople adds the people whose names match the query to the sidebar.
func (s *Server) searchPeople(c echo.Context, side *views.Sidebar) error {
	side.Query, side.Searched = c.QueryParam("q"), true
	after, err := web.QueryNumber(c, "after")
	if err != nil {
		return err
	}
	people, more, err := s.chat.FindUsers(
		c.Request().Context(), web.CurrentUser(c), side.Query, after, maxSearchResults,
	)
	if err != nil {
		return err
	}
	if side.Results = s.searchResults(people); more {
		side.NextURL = views.NextPageURL("/chat", side.Query, people[len(people)-1].ID)
	}
	return nil
}

// searchResults returns the people that a search found, each with whether they are online.
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

// writeChatJSON answers GET /chat as JSON. Without a query, the first page lists people in this order: those with whom
// the caller has a direct conversation, those who are online, and all others by name. With a query, and on later pages,
// it lists people by name only.
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
	matches, more, err := s.chat.FindUsers(c.Request().Context(), me, query, after, maxListedPeople)
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
			room := roomJSON{
				conv.Room, conv.Name, conv.Unread, string(conv.Access), string(conv.Role),
				web.NotificationToJSON(conv),
			}
			out.Rooms = append(out.Rooms, room)
		} else if conv.Peer != me.ID && query == "" {
			peer := chat.UserSummary{ID: conv.Peer, Name: conv.Name, Avatar: conv.PeerAvatar, IsBot: conv.PeerIsBot,
				Handle: conv.PeerHandle}
			list.add(peer, conv)
		}
	}
	if query == "" && after == 0 {
		online, _, err := s.onlineUsers(c.Request().Context(), me)
		if err != nil {
			return err
		}
		list.addAll(online, me)
	}
	if added := list.addAll(matches, me); added > 0 && (more || added < len(matches)) {
		out.Next = views.NextPageURL("/chat", query, matches[added-1].ID)
	}
	out.People = list.withPresence(s.hub.Online)
	out.Me = s.selfJSON(me)
	checklist, err := s.chat.Checklist(c.Request().Context(), me)
	if err != nil {
		return err
	}
	out.Checklist = checklistToJSON(checklist)
	return c.JSON(http.StatusOK, out)
}

// selfJSON returns the caller's own entry in the JSON response.
func (s *Server) selfJSON(user chat.User) personJSON {
	return personJSON{
		ID: user.ID, Name: user.Name, Handle: user.Handle, Avatar: web.AvatarURL(user.Avatar),
		Online: s.hub.IsOnline(user.ID), Bot: user.IsBot(),
	}
}

// peopleList is a list of people without duplicates.
type peopleList []personJSON

// add appends a person unless the list contains them already. conv is the conversation with them.
func (l *peopleList) add(p chat.UserSummary, conv chat.Conversation) {
	if !slices.ContainsFunc(*l, func(q personJSON) bool { return q.ID == p.ID }) {
		person := personJSON{
			ID: p.ID, Name: p.Name, Handle: p.Handle, Avatar: web.AvatarURL(p.Avatar), Unread: conv.Unread,
			Bot:              p.IsBot,
			NotificationJSON: web.NotificationToJSON(conv),
		}
		*l = append(*l, person)
	}
}

// addAll appends people to the list until it has maxListedPeople entries. It leaves out me. It returns how many of
// people it has processed, so that the next page can start there. It processes at least one even if the list is full,
// so that every page of results makes progress.
func (l *peopleList) addAll(people []chat.UserSummary, me chat.User) int {
	for i, p := range people {
		if i > 0 && len(*l) >= maxListedPeople {
			return i
		}
		if p.ID != me.ID {
			l.add(p, chat.Conversation{Kind: chat.Direct})
		}
	}
	return len(people)
}

// withPresence returns a copy of the list in which Online is set for each person. online returns which of the given
// users are online.
func (l peopleList) withPresence(online func(...int64) map[int64]bool) []personJSON {
	ids := make([]int64, len(l))
	for i, p := range l {
		ids[i] = p.ID
	}
	isOnline := online(ids...)
	people := make([]personJSON, len(l))
	for i, p := range l {
		people[i] = p
		people[i].Online = isOnline[p.ID]
	}
	return people
}
