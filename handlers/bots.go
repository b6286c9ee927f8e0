package handlers

import (
	"net/http"
	"time"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

type botJSON struct {
	ID     int64      `json:"id"`
	Name   string     `json:"name"`
	Online bool       `json:"online"`
	SeenAt *time.Time `json:"seen_at,omitempty"` // absent while it has no token
	Hooks  []hookJSON `json:"hooks"`
}

type hookJSON struct {
	ID   int64    `json:"id"`
	Room hookRoom `json:"room"`
	URL  string   `json:"url,omitempty"` // in the answer that made it alone
}

type hookRoom struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func hookToJSON(h chat.BotRoom, url string) hookJSON {
	return hookJSON{h.ID, hookRoom{h.Room, h.Name}, url}
}

type botsJSON struct {
	Bots []botJSON `json:"bots"`
}

// botTokenJSON tells a token once.
type botTokenJSON struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Token string `json:"token"`
}

func (s *Server) botsPage(c echo.Context) error {
	if !wantsJSON(c) {
		return s.botList(c, http.StatusOK, views.Bots{})
	}
	bots, err := s.myBots(c)
	if err != nil {
		return err
	}
	out := botsJSON{Bots: []botJSON{}}
	for _, b := range bots {
		one := botJSON{b.ID, b.Name, b.Online, timeJSON(b.SeenAt), []hookJSON{}}
		for _, h := range b.Hooks {
			one.Hooks = append(one.Hooks, hookToJSON(h, ""))
		}
		out.Bots = append(out.Bots, one)
	}
	return c.JSON(http.StatusOK, out)
}

// myBots gathers the bots of who asks, each with its rooms and hooks.
func (s *Server) myBots(c echo.Context) ([]views.Bot, error) {
	bots, rooms, hooks, err := s.chat.Bots(c.Request().Context(), person(c))
	if err != nil {
		return nil, err
	}
	list := make([]views.Bot, len(bots))
	for i, b := range bots {
		list[i] = views.Bot{Bot: b, Online: s.hub.IsHere(b.ID)}
		for _, r := range rooms {
			if r.Bot == b.ID {
				list[i].Rooms = append(list[i].Rooms, r)
			}
		}
		for _, h := range hooks {
			if h.Bot == b.ID {
				list[i].Hooks = append(list[i].Hooks, h)
			}
		}
	}
	return list, nil
}

// botList is the page of bots, with the form as it was typed and what is told this once.
func (s *Server) botList(c echo.Context, status int, page views.Bots) (err error) {
	if page.List, err = s.myBots(c); err != nil {
		return err
	}
	side, err := s.sidebar(c, chat.Topic{})
	if err != nil {
		return err
	}
	page.Origin = s.origin(c)
	return s.render(c, status, views.BotsPage(s.page(c), side, page))
}

type newBot struct {
	Name string `form:"name" json:"name"`
}

// makeBot answers with the token, which is told this once: there is nothing to redirect to.
func (s *Server) makeBot(c echo.Context) error {
	var in newBot
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.limits.bots.takeFor(person(c)); err != nil {
		return err
	}
	bot, token, err := s.chat.MakeBot(c.Request().Context(), person(c), in.Name)
	if fields := chat.FieldErrors(err); len(fields) > 0 && !failsInJSON(c) {
		_, status := understand(c, err)
		return s.botList(c, status, views.Bots{Form: views.Form{Values: map[string]string{"name": in.Name}, Errors: fields}})
	}
	if err != nil {
		return err
	}
	return s.tellToken(c, http.StatusCreated, bot, token)
}

func (s *Server) renewBot(c echo.Context) error {
	if err := s.limits.renewals.takeFor(person(c)); err != nil {
		return err
	}
	bot, token, err := s.chat.RenewBot(c.Request().Context(), person(c), number(c.Param("id")))
	if err != nil {
		return err
	}
	return s.tellToken(c, http.StatusOK, bot, token)
}

func (s *Server) tellToken(c echo.Context, status int, bot chat.User, token string) error {
	if wantsJSON(c) {
		return c.JSON(status, botTokenJSON{bot.ID, bot.Name, token})
	}
	return s.botList(c, status, views.Bots{FreshBot: bot.ID, Token: token})
}

func (s *Server) removeBot(c echo.Context) error {
	if err := s.chat.RemoveBot(c.Request().Context(), person(c), number(c.Param("id"))); err != nil {
		return err
	}
	return done(c, "/bots")
}
