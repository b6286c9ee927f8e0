package handlers

import (
	"net/http"
	"slices"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

// How many people a search brings, and how many people JSON lists where nothing is searched.
const (
	maxFound  = 50
	maxPeople = 200
)

func (s *Server) chatPage(c echo.Context) error {
	if wantsJSON(c) {
		return s.chatJSON(c)
	}
	side, err := s.sidebar(c, chat.Topic{})
	if err != nil {
		return err
	}
	if c.QueryParams().Has("q") {
		if err = s.find(c, &side); err != nil {
			return err
		}
	}
	if c.QueryParams().Has("gone") {
		return s.render(c, http.StatusOK, views.Gone(s.page(c), side))
	}
	return s.render(c, http.StatusOK, views.Chat(s.page(c), side))
}

// sidebar gathers the conversations of the person who asks, and who is here.
func (s *Server) sidebar(c echo.Context, current chat.Topic) (views.Sidebar, error) {
	conversations, err := s.chat.Conversations(c.Request().Context(), person(c))
	if err != nil {
		return views.Sidebar{}, err
	}
	people, count := s.hub.Here()
	return views.Sidebar{Rows: s.rows(conversations, current), Here: views.Here{People: people, Count: count}}, nil
}

func (s *Server) rows(conversations []chat.Conversation, current chat.Topic) []views.Row {
	peers := make([]int64, len(conversations))
	for i, c := range conversations {
		peers[i] = c.Peer
	}
	online := s.hub.Online(peers...)
	rows := make([]views.Row, len(conversations))
	for i, c := range conversations {
		rows[i] = views.Row{Conversation: c, Online: c.Peer != 0 && online[c.Peer], Current: c.Topic() == current}
	}
	return rows
}

// find looks for people by name.
func (s *Server) find(c echo.Context, side *views.Sidebar) error {
	side.Query, side.Search = c.QueryParam("q"), true
	after, err := queryNumber(c, "after")
	if err != nil {
		return err
	}
	people, more, err := s.chat.FindPeople(c.Request().Context(), side.Query, after, maxFound)
	if err != nil {
		return err
	}
	if side.Found = s.found(people); more {
		side.Next = views.ListURL("/chat", side.Query, people[len(people)-1].ID)
	}
	return nil
}

// found says of people whether they are here.
func (s *Server) found(people []chat.Person) []views.Found {
	ids := make([]int64, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	online := s.hub.Online(ids...)
	found := make([]views.Found, len(people))
	for i, p := range people {
		found[i] = views.Found{Person: p, Online: online[p.ID]}
	}
	return found
}

// chatJSON lists the rooms, and the people: those talked with first, then who is here, then others by name; with q those
// whose name contains it. Where a list goes on after somebody there are only people, by name.
func (s *Server) chatJSON(c echo.Context) error {
	me, query := person(c), c.QueryParam("q")
	after, err := queryNumber(c, "after")
	if err != nil {
		return err
	}
	conversations, err := s.chat.Conversations(c.Request().Context(), me)
	if err != nil {
		return err
	}
	named, more, err := s.chat.FindPeople(c.Request().Context(), query, after, maxPeople)
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
			list.add(chat.Person{ID: conv.Peer, Name: conv.Name, Avatar: conv.Avatar, Bot: conv.Bot}, conv.Unread)
		}
	}
	if here, _ := s.hub.Here(); query == "" && after == 0 {
		list.addAll(here, me)
	}
	if told := list.addAll(named, me); told > 0 && (more || told < len(named)) {
		out.Next = views.ListURL("/chat", query, named[told-1].ID)
	}
	out.People = list.finish(s.hub.Online)
	out.Me = s.selfToJSON(me)
	return c.JSON(http.StatusOK, out)
}

// selfToJSON is who asks, as a person.
func (s *Server) selfToJSON(me chat.User) personJSON {
	return personJSON{ID: me.ID, Name: me.Name, Avatar: avatarURL(me.Avatar), Online: s.hub.IsHere(me.ID), Bot: me.IsBot()}
}

// peopleList collects people once each.
type peopleList []personJSON

func (l *peopleList) add(p chat.Person, unread int) {
	if !slices.ContainsFunc(*l, func(q personJSON) bool { return q.ID == p.ID }) {
		*l = append(*l, personJSON{ID: p.ID, Name: p.Name, Avatar: avatarURL(p.Avatar), Unread: unread, Bot: p.Bot})
	}
}

// addAll adds people but me, while there is room for at least one, up to maxPeople, and returns how many it got through.
func (l *peopleList) addAll(people []chat.Person, me chat.User) int {
	for i, p := range people {
		if i > 0 && len(*l) >= maxPeople {
			return i
		}
		if p.ID != me.ID {
			l.add(p, 0)
		}
	}
	return len(people)
}

func (l peopleList) finish(online func(...int64) map[int64]bool) []personJSON {
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
