package stream

import (
	"strconv"

	"charla/chat"
	"charla/handlers/web"
	"charla/live"

	"github.com/labstack/echo/v4"
)

// LoadReplay reads, after Subscribe, what the reader lacks, and whether it still is in the room. A direct conversation may
// have begun since it was looked up.
func LoadReplay(c echo.Context, service *chat.Service, stream *live.Stream, conv chat.Conversation) (live.Replay, error) {
	if conv.StreamKey() == (chat.StreamKey{}) {
		return live.Replay{After: -1}, nil
	}
	cursor := c.Request().Header.Get("Last-Event-ID")
	if cursor == "" {
		cursor = c.QueryParam("after")
	}
	if cursor == "" || conv.Room == 0 {
		var err error
		if conv, err = service.Conversation(c.Request().Context(), web.CurrentUser(c), conv.Ref()); err != nil {
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
	changes, known := stream.CachedReplay(after)
	if known {
		err = service.CheckMemberSince(c.Request().Context(), conv, after, changes)
	} else {
		changes, err = service.Changes(c.Request().Context(), conv, after)
	}
	return live.Replay{After: after, Changes: changes}, err
}
