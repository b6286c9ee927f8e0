package handlers

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"charla/chat"
	"charla/emoji"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) sendQueueRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/messages/queue", Handler: web.HTMLOnly(s.postQueue), Access: web.Member,
			MaxBody: "4M",
			Doc: web.Operation{
				Summary: "Posts and saves what the pages of a browser have stored: messages and drafts. Answers what " +
					"the page is to remove from its storage. Only for the page itself; programs use POST /messages.",
				Body:      queueRequest{},
				Responses: web.Responses{200: web.HTML},
			},
		},
	}
}

// queueRequest is the form with which a page sends what the pages of its browser have stored.
type queueRequest struct {
	Own  string `form:"own" json:"own" example:"charla-3-slot-7"` // storage name of the slot of the page
	Page string `form:"page" json:"page" example:"PAGE"`          // random name of the page
	// JSON object: what is stored, by storage name
	Stored string `form:"stored" json:"stored" example:"{}" max:"4200000"`
}

// These limit how much one request posts and saves. What is left stays in the browser and comes with the next request.
const (
	maxQueuedMessages = 100
	maxQueuedDrafts   = 20
)

// queueRun is the work of one request of a send queue: what the browser has stored, and the answer to it.
type queueRun struct {
	s        *Server
	c        echo.Context
	page     string
	slots    []queueSlot       // the slot of the requesting page first
	open     map[int]bool      // the numbers of the slots that belong to open pages
	answer   views.QueueAnswer // what the page is to do
	messages int               // messages posted or refused so far
	drafts   int               // drafts saved or refused so far
	failed   error             // the last temporary failure
}

// postQueue posts the messages and saves the drafts that a page sends. Each entry is checked separately, so a refused
// entry does not hold up the others. An entry with a temporary failure stays in the browser, and so do the entries
// after it in its slot, so that the order is kept. If nothing could be done at all, the whole request fails.
func (s *Server) postQueue(c echo.Context) error {
	var in queueRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	kept, err := s.keepPageSlot(c)
	if err != nil {
		return err
	}
	run := &queueRun{s: s, c: c, page: in.Page}
	if err := run.read(in); err != nil {
		return err
	}
	run.postMessages()
	run.saveDrafts()
	if !kept { // another page has the slot now, so that this one must get a new one
		c.Response().Header().Set("HX-Refresh", "true")
		return c.NoContent(http.StatusOK)
	}
	if run.failed != nil && run.answer.IsEmpty() {
		return run.failed
	}
	if err := run.emptyClosedSlots(); err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, views.SendQueueResponse(s.Locale(c), run.answer))
}

// keepPageSlot records that the page that sent the request is open. It returns false if the page has lost its slot, and
// true for a client without a slot.
func (s *Server) keepPageSlot(c echo.Context) (bool, error) {
	slot, ok := web.PageSlotOf(c)
	if !ok {
		return true, nil
	}
	return s.chat.KeepPageSlot(c.Request().Context(), slot)
}

// read decodes what is stored and finds out which of the other pages are open.
func (r *queueRun) read(in queueRequest) (err error) {
	r.slots, err = decodeQueue(in.Stored, web.CurrentUser(r.c).ID)
	if err != nil {
		return err
	}
	slices.SortStableFunc(r.slots, func(a, b queueSlot) int { return -cmp.Compare(rank(a, in.Own), rank(b, in.Own)) })
	for i := range r.slots {
		r.slots[i].own = r.slots[i].store == in.Own
	}
	r.open, err = r.s.chat.OpenPageSlots(r.c.Request().Context(), web.CallerOf(r.c).Session)
	return err
}

// rank returns 1 for the slot of the requesting page and 0 for all others.
func rank(slot queueSlot, own string) int {
	if slot.store == own {
		return 1
	}
	return 0
}

// postMessages posts the messages of all slots, those of each slot in their order.
func (r *queueRun) postMessages() {
	for _, slot := range r.slots {
		for _, e := range slot.entries {
			if !e.isMessage() || r.messages >= maxQueuedMessages {
				continue
			}
			if r.isGone(e) {
				r.forget(slot, e)
				continue
			}
			if err := r.postMessage(slot, e); isTemporary(err) {
				r.failed = err
				break
			}
		}
	}
}

// postMessage posts one message and adds the result to the answer. It returns the error of a message that was not
// posted.
func (r *queueRun) postMessage(slot queueSlot, e queueEntry) error {
	posted, err := r.s.sendMessage(r.c, web.CurrentUser(r.c), r.s.withAudience(r.c, e.message(), e.All))
	if isTemporary(err) {
		return err
	}
	r.messages++
	if err != nil {
		r.refuse(slot, e, err)
		return err
	}
	r.forget(slot, e)
	composer := withSuggestions(views.Composer{Conversation: e.conversation()}, emoji.Mistyped(e.Body))
	composer.Hints = r.s.mentionHints(r.c, posted)
	r.answer.Posted = append(r.answer.Posted, views.QueuePosted{Message: posted.Message, Composer: composer})
	return nil
}

// refuse makes the page offer the text of a refused message to the user, without what made it invalid. It does nothing
// for a message in the slot of another page that is open, because that page sends the message too and gets this answer
// itself.
func (r *queueRun) refuse(slot queueSlot, e queueEntry, err error) {
	if !slot.own && r.open[slot.number] {
		return
	}
	if text := strings.ReplaceAll(e.Body, invalidText, ""); strings.TrimSpace(text) != "" {
		r.answer.Offered = append(
			r.answer.Offered, views.QueueDraft{ID: e.id, Conversation: e.conversation(), Body: text, Key: e.Key},
		)
	}
	r.forget(slot, e)
	r.answer.Error, _ = web.ClassifyError(r.c, err)
	r.answer.ErrorName, r.answer.ErrorAt = e.Name, e.conversation()
}

// isTemporary reports whether an entry failed for a reason that may no longer apply when it is sent again.
func isTemporary(err error) bool {
	switch chat.CodeOf(err) {
	case chat.Invalid, chat.NotFound, chat.Forbidden, chat.Conflict, chat.TooLarge:
		return false
	}
	return err != nil
}

// saveDrafts saves the drafts of all slots, unless messages have to wait: a draft may continue one of them.
func (r *queueRun) saveDrafts() {
	if r.failed != nil {
		return
	}
	for _, slot := range r.slots {
		for _, e := range slot.entries {
			if !e.isDraft() || r.drafts >= maxQueuedDrafts {
				continue
			}
			typing := slot.own && strings.HasPrefix(e.id, draftPrefix+r.page)
			if !typing && r.isGone(e) {
				r.forget(slot, e)
				continue
			}
			if err := r.s.limits.Typing.AllowUser(web.CurrentUser(r.c)); err != nil {
				r.failed = err
				return
			}
			r.drafts++
			r.saveDraft(slot, e, typing)
		}
	}
}

// saveDraft saves one draft. typing says whether the requesting page is editing it now. If the server has another draft
// that the writer does not know, neither is lost: a page that is editing is offered the server's draft, and a draft
// that another page left behind is offered to the requesting page.
func (r *queueRun) saveDraft(slot queueSlot, e queueEntry, typing bool) {
	other, err := r.s.chat.SaveDraft(r.c.Request().Context(), web.CurrentUser(r.c), e.draft())
	saved := views.QueueDraft{ID: e.id, Conversation: e.conversation(), Body: e.Body, Key: e.Key}
	switch {
	case isTemporary(err):
		r.failed = err
	case typing && err == nil && other != "":
		r.offer(e, other)
		saved.Body = other
		r.answer.Known = append(r.answer.Known, saved)
	case typing && err == nil:
		r.answer.Saved = append(r.answer.Saved, saved)
		r.answer.Known = append(r.answer.Known, saved)
	case !typing && (err != nil || other != ""):
		r.offer(e, e.Body)
		r.forget(slot, e)
	case !typing:
		r.answer.Recovered = append(r.answer.Recovered, saved)
		r.forget(slot, e)
	}
}

// offer adds a text that was not sent to the answer, for the page to show as another draft in the conversation of entry
// e.
func (r *queueRun) offer(e queueEntry, text string) {
	r.answer.Offered = append(
		r.answer.Offered, views.QueueDraft{ID: rand.Text(), Conversation: e.conversation(), Body: text},
	)
}
