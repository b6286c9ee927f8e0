package stream

import (
	"cmp"
	"strconv"

	"charla/chat"
	"charla/handlers/web"
	"charla/live"

	"github.com/labstack/echo/v4"
)

// LoadReplay reads the changes of the conversation that a reconnected reader missed. The reader's cursor says from
// where; it is in the header Last-Event-ID or else in the query parameter "after". The caller must subscribe to the
// stream before, so that no change between the replay and the live events is lost. It returns chat.ErrNotFound if the
// user is no longer a member of the room.
func LoadReplay(
	c echo.Context, service *chat.Service, stream *live.Stream, conv chat.Conversation,
) (live.Replay, error) {
	if conv.StreamKey() == (chat.StreamKey{}) {
		return live.Replay{After: -1}, nil
	}
	ctx := c.Request().Context()
	cursor := cmp.Or(c.Request().Header.Get("Last-Event-ID"), c.QueryParam("after"))
	if cursor == "" || conv.Room == 0 { // a direct conversation may have its first message by now
		var err error
		if conv, err = service.Conversation(ctx, web.CurrentUser(c), conv.Ref()); err != nil {
			return live.Replay{}, err
		}
	}
	if cursor == "" {
		return live.Replay{After: -1, Changes: chat.Changes{LastSeq: conv.LastSeq}}, nil
	}
	after, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil || after < 0 {
		return live.Replay{Changes: chat.Changes{TooFarBehind: true}}, nil
	}
	changes, cached := stream.CachedReplay(after)
	if cached {
		err = service.CheckMemberSince(ctx, conv, after, changes)
	} else {
		changes, err = service.Changes(ctx, conv, after)
	}
	return live.Replay{After: after, Changes: changes}, err
}
