package handlers

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strings"

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

// webhookJSON is a webhook of a bot in JSON responses.
type webhookJSON struct {
	ID   int64       `json:"id"`
	Room webhookRoom `json:"room"`
	URL  string      `json:"url,omitempty"` // only in the answer that created it
}

// webhookRoom is the room, in JSON responses, into which a webhook posts.
type webhookRoom struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func webhookToJSON(h chat.BotRoom, url string) webhookJSON {
	return webhookJSON{h.ID, webhookRoom{h.Room, h.Name}, url}
}

// createWebhookRequest is the form or JSON that creates a webhook. Room is the room into which it posts.
type createWebhookRequest struct {
	Room web.ID `form:"room" json:"room" required:"true"`
}

// createWebhook creates a webhook and answers with its URL. The URL contains the webhook's secret and is shown only
// this once. It is only a path if no base URL is set and the request came over the network; see web.PublicOrigin.
func (s *Server) createWebhook(c echo.Context) error {
	var in createWebhookRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	me, bot := web.CurrentUser(c), web.ParseID(c.Param("id"))
	hook, secret, err := s.chat.CreateWebhook(c.Request().Context(), me, bot, int64(in.Room))
	if err != nil {
		return err
	}
	url := web.PublicOrigin(c.Request(), s.config.BaseURL, s.HTTPS) + views.WebhookURL(secret)
	if web.WantsJSON(c) {
		return c.JSON(http.StatusCreated, webhookToJSON(hook, url))
	}
	return s.renderBots(c, http.StatusCreated, views.BotList{RevealedBot: hook.Bot, WebhookURL: url})
}

func (s *Server) deleteWebhook(c echo.Context) error {
	bot, hook := web.ParseID(c.Param("id")), web.ParseID(c.Param("hook"))
	if err := s.chat.RemoveWebhook(c.Request().Context(), web.CurrentUser(c), bot, hook); err != nil {
		return err
	}
	return web.Finish(c, "/bots")
}

// postToWebhook posts a message as the bot to which the webhook belongs. The secret in the URL is the only credential.
func (s *Server) postToWebhook(c echo.Context) error {
	hook, err := s.chat.Webhook(c.Request().Context(), c.Param("secret"))
	if err != nil {
		s.logSecurity(c, "webhook check", err)
		return err
	}
	if err := s.limits.WebhookPosts.Allow(fmt.Sprint("hook ", hook.ID)); err != nil {
		return err
	}
	in, err := parseWebhook(c)
	if err != nil {
		return err
	}
	room := chat.ConversationRef{Room: hook.Room}
	posted, err := s.sendMessage(c, hook.User, chat.NewMessage{Conversation: room, Body: in.Body, Key: in.Key})
	if err != nil {
		return err
	}
	return postedJSON(c, posted)
}

// parseWebhook returns the message in a webhook request. JSON and multipart forms have the same fields as the form that
// posts a message; any other body is the text itself. The idempotency key, which prevents posting twice, may also be in
// the header Idempotency-Key or in the query.
func parseWebhook(c echo.Context) (in postRequest, err error) {
	switch mediaType := web.MediaTypeOf(c.Request().Header); mediaType {
	case echo.MIMEApplicationJSON, echo.MIMEMultipartForm:
		err = web.Bind(c, &in)
	default:
		in, err = parseTextBody(c, mediaType == echo.MIMEApplicationForm)
	}
	in.Key = cmp.Or(in.Key, c.Request().Header.Get("Idempotency-Key"), c.QueryParam("key"))
	return in, err
}

// parseTextBody returns the message in the body of a webhook request. The whole body is the text, even if its
// Content-Type is that of a form, because `curl -d` always sends that type. The body is parsed as a form only if it
// begins with the field "body". If such a form has other fields than "body" and "key", the text was not encoded and
// contains an "&": the text is then everything after "body=". labeledAsForm says whether the Content-Type is that of a
// form.
func parseTextBody(c echo.Context, labeledAsForm bool) (postRequest, error) {
	raw, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return postRequest{}, web.BindError(err)
	}
	text, beginsWithBody := strings.CutPrefix(string(raw), "body=")
	if !labeledAsForm || !beginsWithBody {
		return postRequest{Body: string(raw)}, nil
	}
	form, err := web.ParseForm(string(raw))
	for name := range form {
		if name != "body" && name != "key" {
			return postRequest{Body: text}, nil
		}
	}
	return postRequest{Body: form.Get("body"), Key: form.Get("key")}, err
}
