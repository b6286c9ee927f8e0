package handlers

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) webhookRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/bots/:id/hooks", Handler: s.createWebhook, Access: web.Member,
			Doc: web.Operation{
				Summary: "Creates a webhook, which posts to a room that the bot is in. Its URL is returned only " +
					"here.",
				Body:      createWebhookRequest{},
				Responses: web.Responses{201: webhookJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/bots/:id/hooks/:hook/remove", Handler: s.deleteWebhook, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Deletes a webhook.",
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/hooks/:secret", Handler: s.postToWebhook, Access: web.Anonymous,
			AuthenticatesItself: true,
			ProgramsOnly:        true,
			Doc: web.Operation{
				Summary: "Posts the request body as the webhook's bot. A form that does not begin with body=, and " +
					"any other media type, is the text itself.",
				Query:     "key",
				Body:      postRequest{},
				Responses: web.Responses{200: web.MessageJSON{}, 201: web.MessageJSON{}},
			},
		},
	}
}

// publicOrigin is how programs reach us, as far as we know.
func (s *Server) publicOrigin(c echo.Context) string {
	if base := s.config.BaseURL; base != nil {
		return base.Scheme + "://" + base.Host
	}
	if s.HTTPS {
		return "https://" + c.Request().Host
	}
	return "http://" + c.Request().Host
}

type createWebhookRequest struct {
	Room web.ID `form:"room" json:"room"`
}

// createWebhook answers with the address, which is told this once.
func (s *Server) createWebhook(c echo.Context) error {
	var in createWebhookRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	hook, secret, err := s.chat.CreateWebhook(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")), int64(in.Room))
	if err != nil {
		return err
	}
	address := s.publicOrigin(c) + views.WebhookURL(secret)
	if web.WantsJSON(c) {
		return c.JSON(http.StatusCreated, webhookToJSON(hook, address))
	}
	return s.renderBots(c, http.StatusCreated, views.BotList{RevealedBot: hook.Bot, WebhookURL: address})
}

func (s *Server) deleteWebhook(c echo.Context) error {
	if err := s.chat.RemoveWebhook(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")), web.ParseID(c.Param("hook"))); err != nil {
		return err
	}
	return web.Finish(c, "/bots")
}

// postToWebhook writes what it is sent into its room, for whoever knows its address.
func (s *Server) postToWebhook(c echo.Context) error {
	hook, err := s.chat.Webhook(c.Request().Context(), c.Param("secret"))
	if err != nil {
		return err
	}
	if err := s.limits.WebhookPosts.Allow(fmt.Sprint("hook ", hook.ID)); err != nil {
		return err
	}
	in, err := parseWebhook(c)
	if err != nil {
		return err
	}
	posted, err := s.sendMessage(c, hook.User, chat.NewMessage{Conversation: chat.ConversationRef{Room: hook.Room}, Body: in.Body, Key: in.Key})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if posted.Created {
		status = http.StatusCreated
	}
	return c.JSON(status, web.MessageToJSON(posted.Message))
}

// parseWebhook reads a message: JSON and forms with a body as everywhere, and anything else as the text itself. What `curl -d`
// sends says that it is a form; it is one when it begins with its field.
func parseWebhook(c echo.Context) (in postRequest, err error) {
	kind, _, _ := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	if kind == echo.MIMEApplicationJSON || kind == echo.MIMEMultipartForm {
		err = web.Bind(c, &in)
	} else {
		in, err = parseRawBody(c, kind == echo.MIMEApplicationForm)
	}
	in.Key = cmp.Or(in.Key, c.Request().Header.Get("Idempotency-Key"), c.QueryParam("key"))
	return in, err
}

func parseRawBody(c echo.Context, perhapsForm bool) (postRequest, error) {
	raw, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return postRequest{}, web.BindError(err)
	}
	if !perhapsForm || !bytes.HasPrefix(raw, []byte("body=")) {
		return postRequest{Body: string(raw)}, nil
	}
	form, err := url.ParseQuery(string(raw))
	return postRequest{Body: form.Get("body"), Key: form.Get("key")}, web.BindError(err)
}

type webhookJSON struct {
	ID   int64       `json:"id"`
	Room webhookRoom `json:"room"`
	URL  string      `json:"url,omitempty"` // in the answer that made it alone
}

type webhookRoom struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func webhookToJSON(h chat.BotRoom, url string) webhookJSON {
	return webhookJSON{h.ID, webhookRoom{h.Room, h.Name}, url}
}
