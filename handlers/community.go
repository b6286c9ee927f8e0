package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) communityRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/admin", Handler: s.communityPage, Access: web.Member,
			Action: chat.ChangeCommunity,
			Doc: web.Operation{
				Summary:   "Returns the settings of the community.",
				Responses: web.Responses{200: communityJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/admin", Handler: s.saveCommunity, Access: web.Member,
			Action: chat.ChangeCommunity,
			Doc: web.Operation{
				Summary:   "Changes the settings of the community. A field that is missing stays as it is.",
				Body:      communityRequest{},
				Responses: web.Responses{200: communityJSON{}},
			},
		},
	}
}

// communityJSON is the settings of the community in JSON responses. The fields MakeRooms to Pin contain the lowest role
// that may do something.
type communityJSON struct {
	Name         string `json:"name" example:"Chess club"`
	Welcome      string `json:"welcome"`
	Registration string `json:"registration" enum:"open,invited,approval,closed" example:"open"`
	Domains      string `json:"domains"` // of the e-mail addresses that may register; empty for all
	MakeRooms    string `json:"rooms" enum:"member,moderator,admin"`
	Invite       string `json:"invites" enum:"member,moderator,admin"`
	NotifyAll    string `json:"notify_all" enum:"member,moderator,admin"`
	Pin          string `json:"pins" enum:"member,moderator,admin"`
	Applications int    `json:"applications"` // how many people wait for a decision about their account
}

func communityToJSON(c chat.Community, applications int) communityJSON {
	return communityJSON{
		Applications: applications,
		Name:         c.Name, Welcome: c.Welcome, Registration: string(c.Registration), Domains: c.EmailDomains,
		MakeRooms: string(c.MayMakeRooms), Invite: string(c.MayInvite), NotifyAll: string(c.MayNotifyAll),
		Pin: string(c.MayPin),
	}
}

// communityRequest is the form or JSON that changes the settings of the community. A nil field stays as it is.
type communityRequest struct {
	Name         *string `form:"name" json:"name" example:"Chess club"`
	Welcome      *string `form:"welcome" json:"welcome" max:"4000"`
	Registration *string `form:"registration" json:"registration" enum:"open,invited,approval,closed"`
	Domains      *string `form:"domains" json:"domains" max:"4000"`
	MakeRooms    *string `form:"rooms" json:"rooms" enum:"member,moderator,admin"`
	Invite       *string `form:"invites" json:"invites" enum:"member,moderator,admin"`
	NotifyAll    *string `form:"notify_all" json:"notify_all" enum:"member,moderator,admin"`
	Pin          *string `form:"pins" json:"pins" enum:"member,moderator,admin"`
}

// apply changes the settings that the request contains.
func (in communityRequest) apply(c *chat.Community) {
	replace(&c.Name, in.Name)
	replace(&c.Welcome, in.Welcome)
	replace(&c.Registration, in.Registration)
	c.RegistrationChosen = c.RegistrationChosen || in.Registration != nil
	replace(&c.EmailDomains, in.Domains)
	replace(&c.MayMakeRooms, in.MakeRooms)
	replace(&c.MayInvite, in.Invite)
	replace(&c.MayNotifyAll, in.NotifyAll)
	replace(&c.MayPin, in.Pin)
}

// replace sets a setting to the value of a field, unless the request does not contain the field.
func replace[T ~string](setting *T, field *string) {
	if field != nil {
		*setting = T(*field)
	}
}

func (s *Server) communityPage(c echo.Context) error {
	settings := s.chat.Community(c.Request().Context())
	if web.WantsJSON(c) {
		return s.writeCommunityJSON(c, settings)
	}
	form := views.CommunityForm(settings)
	if c.QueryParams().Has("saved") {
		form.Note = s.Locale(c).T("Saved.")
	}
	return s.renderCommunity(c, http.StatusOK, form)
}

func (s *Server) writeCommunityJSON(c echo.Context, settings chat.Community) error {
	applications, err := s.chat.CountApplications(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, communityToJSON(settings, applications))
}

func (s *Server) renderCommunity(c echo.Context, status int, form views.Form) error {
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	applications, err := s.chat.CountApplications(c.Request().Context())
	if err != nil {
		return err
	}
	return s.Render(c, status, views.CommunityPage(s.Page(c), side, form, applications))
}

func (s *Server) saveCommunity(c echo.Context) error {
	var in communityRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	settings, err := s.chat.ChangeCommunity(ctx, web.CurrentUser(c), in.apply)
	if fields := chat.FieldErrors(err); len(fields) > 0 && !web.WantsJSON(c) {
		typed := s.chat.Community(ctx)
		in.apply(&typed)
		form := views.CommunityForm(typed)
		form.Errors = fields
		return s.renderCommunity(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	if web.WantsJSON(c) {
		return s.writeCommunityJSON(c, settings)
	}
	return web.Redirect(c, "/admin?saved=1")
}
