package web

import (
	"log/slog"
	"strconv"
	"strings"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

// PageSlotOf returns the slot that the requesting page names in a header. It returns false for programs and for pages
// without a slot. The page may have lost the slot since.
func PageSlotOf(c echo.Context) (chat.PageSlot, bool) {
	number, page, _ := strings.Cut(c.Request().Header.Get(views.PageHeader), "-")
	slot, err := strconv.Atoi(number)
	ok := err == nil && slot >= 0 && slot < chat.PageSlots && page != ""
	return chat.PageSlot{Session: CallerOf(c).Session.ID, Slot: slot, Page: page}, ok
}

// noPageSlotKey marks a request whose error page is rendered without a write to the database.
const noPageSlotKey = "no page slot"

// takePageSlot gives the page that is rendered a slot of its own. It returns the zero PageSlot if none is needed: for
// fragments, which belong to the page that requested them, for programs, for callers who are not signed in, for HEAD
// requests, and for the frame of the page without JavaScript. If all slots are taken or the database does not answer,
// it returns a slot with the number -1 and a unique page name. The page then stores what it has not sent where no other
// page finds it.
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
