package handlers

import (
	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

// withAudience returns a new message with the sender's choice whether @channel and @here in it notify people, and with
// the function that lists who is online. all is the field of the request with that name: with "yes" they notify.
// Otherwise a program's message notifies nobody, and a form's is refused with a question if it would notify more than
// ten people.
func (s *Server) withAudience(c echo.Context, in chat.NewMessage, all string) chat.NewMessage {
	in.Online = s.hub.OnlineIDs
	switch {
	case all == "yes":
		in.Audience = chat.NotifyAudience
	case web.WantsJSON(c):
		in.Audience = chat.SkipAudience
	}
	return in
}

// mentionHints returns what the author of a message that was just posted learns about its mentions. Without a database
// it returns nothing, because the message is posted.
func (s *Server) mentionHints(c echo.Context, posted chat.PostResult) views.MentionHints {
	ids := make([]int64, len(posted.Outside))
	for i, user := range posted.Outside {
		ids[i] = user.ID
	}
	hints, _ := s.hintsAbout(c, posted.Conversation.Ref(), ids)
	hints.NotNotified = posted.Message.Audience != chat.AudienceNone && !posted.Message.Notified
	return hints
}

// hintsFromQuery returns the hints that AfterPostURL has put into the query. It names nobody whom the user does not
// see.
func (s *Server) hintsFromQuery(c echo.Context, ref chat.ConversationRef) (views.MentionHints, error) {
	var ids []int64
	for _, id := range c.QueryParams()["outside"] {
		ids = append(ids, web.ParseID(id))
	}
	hints, err := s.hintsAbout(c, ref, ids)
	hints.NotNotified = c.QueryParams().Has("unnotified")
	return hints, err
}

func (s *Server) hintsAbout(c echo.Context, ref chat.ConversationRef, ids []int64) (views.MentionHints, error) {
	outside, mayInvite, err := s.chat.NotInRoom(c.Request().Context(), web.CurrentUser(c), ref.Room, ids)
	return views.MentionHints{Room: ref.Room, Outside: outside, MayInvite: mayInvite}, err
}
