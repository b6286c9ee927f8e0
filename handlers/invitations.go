package handlers

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

func (s *Server) invitationRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/invites", Handler: s.listInvitations, Access: web.Member,
			Action: chat.InvitePeople, NoGzip: true,
			Doc: web.Operation{
				Summary: "Returns the open invitations of the caller, or those of everybody for admins, newest " +
					"first.",
				Query:     "after",
				Responses: web.Responses{200: invitationsJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/invites", Handler: s.createInvitation, Access: web.Member,
			Action: chat.InvitePeople, NoGzip: true,
			Doc: web.Operation{
				Summary:   "Makes a link with which people create an account or join rooms.",
				Body:      createInvitationRequest{},
				Responses: web.Responses{201: invitationJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/invites/:id/remove", Handler: s.removeInvitation, Access: web.Member,
			Action: chat.InvitePeople,
			Doc: web.Operation{
				Summary:   "Ends an invitation.",
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodGet, Path: "/invite/:token", Handler: s.showInvitation, Access: web.Anonymous,
			Doc: web.Operation{
				Summary: "Returns who invites, into which rooms. Answers 404 if the invitation has ended or is used " +
					"up.",
				Responses: web.Responses{200: receivedInvitationJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/invite/:token", Handler: s.acceptInvitation, Access: web.Anonymous,
			Doc: web.Operation{
				Summary: "Creates an account and signs in, or sends a confirmation link and answers 202 as POST " +
					"/register does. A caller who is signed in joins the rooms; it needs no fields then.",
				Body:      invitedRequest{},
				Responses: web.Responses{201: personJSON{}, 202: nil, 204: nil},
			},
		},
	}
}

// invitationRoomJSON is a room of an invitation.
type invitationRoomJSON struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// receivedInvitationJSON is what somebody who opens the link of an invitation learns about it.
type receivedInvitationJSON struct {
	Community string               `json:"community" example:"Chess club"`
	By        web.AuthorJSON       `json:"by"` // who invites
	Rooms     []invitationRoomJSON `json:"rooms"`
	Role      string               `json:"role" enum:"guest,member,moderator,admin"`
	ExpiresAt *time.Time           `json:"expires_at,omitempty"` // absent for never
}

// invitationJSON is an open invitation, as those see it who manage it.
type invitationJSON struct {
	ID        int64                `json:"id"`
	URL       string               `json:"url" example:"https://chat.example.org/invite/Ym90IHRva2Vu"`
	ExpiresAt *time.Time           `json:"expires_at,omitempty"` // absent for never
	UsesLeft  *int                 `json:"uses_left,omitempty"`  // absent for any number
	Rooms     []invitationRoomJSON `json:"rooms"`
	Role      string               `json:"role" enum:"guest,member,moderator,admin"`
	By        web.AuthorJSON       `json:"by"` // who invites
}

// invitationsJSON is the JSON response with one page of the list of invitations.
type invitationsJSON struct {
	Invites []invitationJSON `json:"invites"`
	Next    string           `json:"next,omitempty"` // URL of the next page
}

func invitationRoomsToJSON(rooms []chat.Room) []invitationRoomJSON {
	out := make([]invitationRoomJSON, len(rooms))
	for i, r := range rooms {
		out[i] = invitationRoomJSON{r.ID, r.Name}
	}
	return out
}

func (s *Server) invitationToJSON(c echo.Context, in chat.Invitation) invitationJSON {
	out := invitationJSON{
		ID: in.ID, URL: s.invitationURL(c, in), ExpiresAt: web.OptionalTime(in.ExpiresAt),
		Rooms: invitationRoomsToJSON(in.Rooms), Role: string(in.Role), By: web.AuthorJSON{ID: in.By, Name: in.ByName},
	}
	if left, limited := in.UsesLeft(); limited {
		out.UsesLeft = &left
	}
	return out
}

// invitationURL returns the URL that a person who invites gives to others. It has only a path if the server does not
// know its public address.
func (s *Server) invitationURL(c echo.Context, in chat.Invitation) string {
	return web.PublicOrigin(c.Request(), s.config.BaseURL, s.HTTPS) + views.InvitationURL(in.Token)
}

func (s *Server) listInvitations(c echo.Context) error {
	if !web.WantsJSON(c) {
		return s.renderInvitations(c, http.StatusOK, views.Form{Values: views.NewInvitationValues}, nil)
	}
	list, next, err := s.findInvitations(c)
	if err != nil {
		return err
	}
	out := invitationsJSON{Invites: make([]invitationJSON, len(list)), Next: next}
	for i, in := range list {
		out.Invites[i] = s.invitationToJSON(c, in)
	}
	return c.JSON(http.StatusOK, out)
}

// findInvitations returns one page of the invitations that the caller can manage, and the URL of the next page (""
// after the last).
func (s *Server) findInvitations(c echo.Context) (list []chat.Invitation, next string, err error) {
	after, err := web.QueryNumber(c, "after")
	if err != nil {
		return nil, "", err
	}
	list, more, err := s.chat.Invitations(c.Request().Context(), web.CurrentUser(c), after)
	if more {
		next = views.NextPageURL("/invites", "", list[len(list)-1].ID)
	}
	return list, next, err
}

// renderInvitations answers with the page of the caller's invitations. form is the content of the form that makes a new
// one, in which the rooms with the ids in chosen are ticked.
func (s *Server) renderInvitations(c echo.Context, status int, form views.Form, chosen []web.ID) error {
	list, next, err := s.findInvitations(c)
	if err != nil {
		return err
	}
	rooms, err := s.chat.InvitableRooms(c.Request().Context(), web.CurrentUser(c))
	if err != nil {
		return err
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	content := views.InvitationList{Form: form, Rooms: rooms, NextURL: next, Chosen: map[int64]bool{}}
	for _, id := range chosen {
		content.Chosen[int64(id)] = true
	}
	for _, in := range list {
		content.Invitations = append(content.Invitations, views.Invitation{Invitation: in, URL: s.invitationURL(c, in)})
	}
	return s.Render(c, status, views.InvitationsPage(s.Page(c), side, content))
}

// createInvitationRequest is the form or JSON that makes an invitation.
type createInvitationRequest struct {
	Uses    numberOrNone `form:"uses" json:"uses" example:"3"` // how many people can use it; empty for any number
	Expires string       `form:"expires" json:"expires" example:"7d"`
	Rooms   []web.ID     `form:"rooms" json:"rooms" example:"[2]"`
	Role    string       `form:"role" json:"role" enum:"guest,member,moderator,admin"`
}

// numberOrNone is a number in a form or in JSON that may be empty, which is 0. Anything but a positive number is -1.
type numberOrNone int64

// UnmarshalParam reads the number from the value of a form field.
func (n *numberOrNone) UnmarshalParam(s string) error {
	*n = numberOrNone(web.ParseID(s))
	if *n == 0 && s != "" {
		*n = -1
	}
	return nil
}

// UnmarshalJSON reads the number from a JSON number or string.
func (n *numberOrNone) UnmarshalJSON(b []byte) error {
	return n.UnmarshalParam(strings.Trim(strings.TrimPrefix(string(b), "null"), `"`))
}

func (n numberOrNone) formValue() string {
	if n <= 0 {
		return ""
	}
	return strconv.FormatInt(int64(n), 10)
}

// newInvitation returns the invitation to make.
func (in createInvitationRequest) newInvitation() chat.NewInvitation {
	made := chat.NewInvitation{
		MaxUses: int(min(in.Uses, 1<<30)), Lifetime: parseLifetime(in.Expires), Role: chat.Role(in.Role),
	}
	if in.Role == "" {
		made.Role = chat.RoleMember
	}
	for _, id := range in.Rooms {
		made.Rooms = append(made.Rooms, int64(id))
	}
	return made
}

// defaultInvitationLifetime is how long an invitation lasts if the request does not say it.
const defaultInvitationLifetime = 7 * 24 * time.Hour

// lifetimeUnits are the units of a duration such as 7d.
var lifetimeUnits = map[byte]time.Duration{
	'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
}

// parseLifetime returns for how long an invitation lasts. The text is a duration such as 30m, 12h, 7d or 2w, a time as
// in RFC 3339, "never", for which it returns 0, or empty for the default. For any other text it returns -1.
func parseLifetime(text string) time.Duration {
	switch text {
	case "":
		return defaultInvitationLifetime
	case "never":
		return 0
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return max(time.Until(at), -1)
	}
	unit := lifetimeUnits[text[len(text)-1]]
	n := web.ParseID(text[:len(text)-1])
	if unit == 0 || n == 0 || n > 1000 {
		return -1
	}
	return time.Duration(n) * unit
}

func (s *Server) createInvitation(c echo.Context) error {
	var in createInvitationRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	made, err := s.chat.CreateInvitation(c.Request().Context(), web.CurrentUser(c), in.newInvitation())
	if fields := chat.FieldErrors(err); len(fields) > 0 && !web.WantsJSON(c) {
		values := map[string]string{"uses": in.Uses.formValue(), "expires": in.Expires, "role": in.Role}
		return s.renderInvitations(
			c, http.StatusUnprocessableEntity, views.Form{Values: values, Errors: fields}, in.Rooms,
		)
	}
	if err != nil {
		return err
	}
	s.logOwnAction(c, "invitation", nil, "invitation", made.ID, "role", made.Role)
	if web.WantsJSON(c) {
		return c.JSON(http.StatusCreated, s.invitationToJSON(c, made))
	}
	return web.Redirect(c, "/invites")
}

func (s *Server) removeInvitation(c echo.Context) error {
	err := s.chat.RemoveInvitation(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	return web.Finish(c, "/invites")
}

// showInvitation answers with the page behind the link of an invitation. It says who invites before it asks anything.
func (s *Server) showInvitation(c echo.Context) error {
	in, err := s.chat.InvitationByToken(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		return c.JSON(http.StatusOK, receivedInvitationJSON{
			Community: s.chat.Community(c.Request().Context()).Name, By: web.AuthorJSON{ID: in.By, Name: in.ByName},
			Rooms: invitationRoomsToJSON(in.Rooms), Role: string(in.Role), ExpiresAt: web.OptionalTime(in.ExpiresAt),
		})
	}
	return s.Render(c, http.StatusOK, views.InvitationPage(s.Page(c), in, views.Form{}))
}

// invitedRequest is the form or JSON with which somebody accepts an invitation. Its fields are for those who are not
// signed in.
type invitedRequest struct {
	Name     string `form:"name" json:"name"`
	Email    string `form:"email" json:"email"`
	Password string `form:"password" json:"password" max:"4096"`
}

func (s *Server) acceptInvitation(c echo.Context) error {
	if web.CallerOf(c).SignedIn() {
		return s.joinInvited(c)
	}
	token := c.Param("token")
	invitation, err := s.chat.InvitationByToken(c.Request().Context(), token)
	if err != nil {
		return err
	}
	var in invitedRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	form := func(e map[string]*chat.Error) views.Form {
		return views.Form{Values: map[string]string{"name": in.Name, "email": in.Email}, Errors: e}
	}
	return s.signUp(c, signUpForm{
		registration: chat.Registration{
			Name: in.Name, Email: in.Email, Password: in.Password, BrowserLocale: s.Locale(c).Lang, Invitation: token,
		},
		page: func(e map[string]*chat.Error) templ.Component {
			return views.InvitationPage(s.Page(c), invitation, form(e))
		},
		form: func(e map[string]*chat.Error) templ.Component {
			return views.InvitationForm(s.Page(c), invitation, form(e))
		},
		next: views.AfterInvitationURL(invitation),
	})
}

// joinInvited adds the caller to the rooms of an invitation.
func (s *Server) joinInvited(c echo.Context) error {
	in, err := s.chat.AcceptInvitation(c.Request().Context(), web.CurrentUser(c), c.Param("token"))
	if err != nil {
		return err
	}
	return web.Finish(c, views.AfterInvitationURL(in))
}
