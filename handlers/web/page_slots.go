package web

import (
	"log/slog"
	"strconv"
	"strings"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

// PageSlotOf returns the page that sent the request, which names its slot in a header. It returns false for requests of
// programs and of pages without a slot. The page may have lost its slot meanwhile.
func PageSlotOf(c echo.Context) (chat.PageSlot, bool) {
	number, page, _ := strings.Cut(c.Request().Header.Get(views.PageHeader), "-")
	slot, err := strconv.Atoi(number)
	ok := err == nil && slot >= 0 && slot < chat.PageSlots && page != ""
	return chat.PageSlot{Session: CallerOf(c).Session.ID, Slot: slot, Page: page}, ok
}

// noPageSlotKey marks a request whose error page is rendered without a write to the database.
const noPageSlotKey = "no page slot"

// takePageSlot gives the page that answers the request a slot of its own. A fragment belongs to the page that asked for
// it, and a program, an anonymous visitor, a HEAD request and the frame of the page without JavaScript need none. A page
// that can get no slot is shown without one: it stores what was not sent under its own name, where no other page looks.
func (r *Renderer) takePageSlot(c echo.Context) chat.PageSlot {
	caller := CallerOf(c)
	none := caller.Session.Kind != chat.BrowserSession || IsHTMX(c) || IsHead(c) || WantsJSON(c) ||
		RouteOf(c).Stream != NoStream
	if none {
		return chat.PageSlot{}
	}
	if c.Get(noPageSlotKey) == nil {
		slot, err := r.Chat.TakePageSlot(c.Request().Context(), caller.Session)
		if err == nil {
			return slot
		}
		slog.Warn("take page slot failed", "request", RequestID(c), "error", err)
	}
	return chat.PageSlot{Slot: -1, Page: RequestID(c)}
}
