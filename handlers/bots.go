package handlers

import (
	"net/http"
	"time"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) botRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/bots", Handler: s.listBots, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Returns the bots of the caller with their webhooks.",
				Responses: web.Responses{200: botsJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/bots", Handler: s.createBot, Access: web.Member,
			Action: chat.MakeBots,
			Doc: web.Operation{
				Summary:   "Creates a bot. Its token is returned only here. A person can have 10 bots.",
				Body:      createBotRequest{},
				Responses: web.Responses{201: botTokenJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/bots/:id/renew", Handler: s.rotateBotToken, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Returns a new token for a bot. The previous token stops working.",
				Responses: web.Responses{200: botTokenJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/bots/:id/remove", Handler: s.deleteBot, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Disables a bot. Its messages stay.",
				Responses: web.Responses{204: nil},
			},
		},
	}
}

// botJSON is a bot of the caller, in JSON responses.
type botJSON struct {
	ID       int64         `json:"id"`
	Name     string        `json:"name"`
	Handle   string        `json:"handle"`
	Online   bool          `json:"online"`
	SeenAt   *time.Time    `json:"seen_at,omitempty"` // absent if it was never used
	Webhooks []webhookJSON `json:"hooks"`
}

// botsJSON is the JSON response that lists the bots of the caller.
type botsJSON struct {
	Bots []botJSON `json:"bots"`
}

// botTokenJSON is the JSON response with a bot and its new token. The token cannot be shown again, because Charla
// stores only its hash.
type botTokenJSON struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Token string `json:"token"`
}

func (s *Server) listBots(c echo.Context) error {
	if !web.WantsJSON(c) {
		return s.renderBots(c, http.StatusOK, views.BotList{})
	}
	bots, err := s.loadBots(c)
	if err != nil {
		return err
	}
	out := botsJSON{Bots: []botJSON{}}
	for _, b := range bots {
		bot := botJSON{b.ID, b.Name, b.Handle, b.Online, web.OptionalTime(b.SeenAt), []webhookJSON{}}
		for _, h := range b.Webhooks {
			bot.Webhooks = append(bot.Webhooks, webhookToJSON(h, ""))
		}
		out.Bots = append(out.Bots, bot)
	}
	return c.JSON(http.StatusOK, out)
}

// loadBots returns all bots of the caller, each with the rooms of which it is a member and its webhooks.
func (s *Server) loadBots(c echo.Context) ([]views.Bot, error) {
	bots, rooms, hooks, err := s.chat.Bots(c.Request().Context(), web.CurrentUser(c))
	if err != nil {
		return nil, err
	}
	list := make([]views.Bot, len(bots))
	for i, b := range bots {
		list[i] = views.Bot{Bot: b, Online: s.hub.IsOnline(b.ID)}
		for _, r := range rooms {
			if r.Bot == b.ID {
				list[i].Rooms = append(list[i].Rooms, r)
			}
		}
		for _, h := range hooks {
			if h.Bot == b.ID {
				list[i].Webhooks = append(list[i].Webhooks, h)
			}
		}
	}
	return list, nil
}

// renderBots answers with the page that lists the caller's bots. In page, the caller of renderBots sets what the page
// shows besides the list: a form with errors, a new token, or the URL of a new webhook.
func (s *Server) renderBots(c echo.Context, status int, page views.BotList) (err error) {
	if page.Bots, err = s.loadBots(c); err != nil {
		return err
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	page.Origin = web.PublicOrigin(c.Request(), s.config.BaseURL, s.HTTPS)
	return s.Render(c, status, views.BotsPage(s.Page(c), side, page))
}

// createBotRequest is the form or JSON that creates a bot.
type createBotRequest struct {
	Name string `form:"name" json:"name" required:"true"`
}

// createBot creates a bot and answers with its token. It does not redirect, because the token is shown only once.
func (s *Server) createBot(c echo.Context) error {
	var in createBotRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	if err := s.limits.NewBots.AllowUser(web.CurrentUser(c)); err != nil {
		return err
	}
	bot, token, err := s.chat.CreateBot(c.Request().Context(), web.CurrentUser(c), in.Name)
	s.logOwnAction(c, "new bot", err, "bot", bot.ID)
	if fields := chat.FieldErrors(err); len(fields) > 0 && !web.WantsJSON(c) {
		_, status := web.ClassifyError(c, err)
		form := views.Form{Values: map[string]string{"name": in.Name}, Errors: fields}
		return s.renderBots(c, status, views.BotList{Form: form})
	}
	if err != nil {
		return err
	}
	return s.renderBotToken(c, http.StatusCreated, bot, token)
}

func (s *Server) rotateBotToken(c echo.Context) error {
	if err := s.limits.TokenRotations.AllowUser(web.CurrentUser(c)); err != nil {
		return err
	}
	bot, token, err := s.chat.RotateBotToken(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
	s.logOwnAction(c, "new bot token", err, "bot", web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	return s.renderBotToken(c, http.StatusOK, bot, token)
}

// renderBotToken answers with a bot and its new token: as JSON, or on the page of the caller's bots.
func (s *Server) renderBotToken(c echo.Context, status int, bot chat.User, token string) error {
	if web.WantsJSON(c) {
		return c.JSON(status, botTokenJSON{bot.ID, bot.Name, token})
	}
	return s.renderBots(c, status, views.BotList{RevealedBot: bot.ID, Token: token})
}

func (s *Server) deleteBot(c echo.Context) error {
	if err := s.chat.RemoveBot(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id"))); err != nil {
		return err
	}
	return web.Finish(c, "/bots")
}
