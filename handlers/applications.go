package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) applicationRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodGet, Path: "/admin/registrations", Handler: s.listApplications, Access: web.Member,
			Action: chat.DecideApplications,
			Doc: web.Operation{
				Summary:   "Returns the people who want an account and about whom nobody has decided, oldest first.",
				Query:     "after",
				Responses: web.Responses{200: applicationsJSON{}},
			},
		},
		{
			Method: http.MethodPost, Path: "/admin/registrations/:id/approve", Handler: s.approveApplication,
			Access: web.Member, Action: chat.DecideApplications,
			Doc: web.Operation{
				Summary:   "Creates the account of an applicant and tells them by e-mail.",
				Body:      decisionRequest{},
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/admin/registrations/:id/reject", Handler: s.rejectApplication,
			Access: web.Member, Action: chat.DecideApplications,
			Doc: web.Operation{
				Summary:   "Rejects an applicant and tells them by e-mail. They can apply again.",
				Body:      decisionRequest{},
				Responses: web.Responses{204: nil},
			},
		},
	}
}

// applicationJSON is an open application in JSON responses.
type applicationJSON struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Email     string    `json:"email"`
	Confirmed bool      `json:"confirmed"` // the address belongs to the applicant
	Reason    string    `json:"reason" example:"I play chess, too."`
	CreatedAt time.Time `json:"created_at"`
}

// applicationsJSON is the JSON response with one page of the open applications.
type applicationsJSON struct {
	Registrations []applicationJSON `json:"registrations"`
	Next          string            `json:"next,omitempty"` // URL of the next page
}

func (s *Server) listApplications(c echo.Context) error {
	if !web.WantsJSON(c) {
		return s.renderApplications(c, http.StatusOK, 0, views.Form{})
	}
	list, next, err := s.findApplications(c)
	if err != nil {
		return err
	}
	out := applicationsJSON{Registrations: make([]applicationJSON, len(list)), Next: next}
	for i, a := range list {
		out.Registrations[i] = applicationJSON{
			ID: a.ID, Name: a.Name, Email: a.Email, Confirmed: a.ConfirmedAt > 0, Reason: a.Reason,
			CreatedAt: a.CreatedAt.Time(),
		}
	}
	return c.JSON(http.StatusOK, out)
}

// findApplications returns one page of the open applications, and the URL of the next page ("" after the last).
func (s *Server) findApplications(c echo.Context) (list []chat.Application, next string, err error) {
	after, err := web.QueryNumber(c, "after")
	if err != nil {
		return nil, "", err
	}
	list, more, err := s.chat.Applications(c.Request().Context(), web.CurrentUser(c), after)
	if more {
		next = views.NextPageURL(views.ApplicationsURL, "", list[len(list)-1].ID)
	}
	return list, next, err
}

// renderApplications answers with the page of open applications. form is the refused form about the application with
// the id submitted.
func (s *Server) renderApplications(c echo.Context, status int, submitted int64, form views.Form) error {
	list, next, err := s.findApplications(c)
	if err != nil {
		return err
	}
	side, err := s.sidebar(c, chat.StreamKey{})
	if err != nil {
		return err
	}
	content := views.ApplicationList{Applications: list, NextURL: next, Submitted: submitted, Form: form}
	return s.Render(c, status, views.ApplicationsPage(s.Page(c), side, content))
}

// decisionRequest is the form or JSON with which an admin decides about an application.
type decisionRequest struct {
	Message string `form:"message" json:"message" max:"4000" example:"Welcome! The next match is on Friday."`
}

func (s *Server) approveApplication(c echo.Context) error {
	return s.decide(c, "approval of an application", s.chat.ApproveApplication)
}

func (s *Server) rejectApplication(c echo.Context) error {
	return s.decide(c, "rejection of an application", s.chat.RejectApplication)
}

// decide approves or rejects an application with a function of chat.Service. action names that in the log.
func (s *Server) decide(
	c echo.Context, action string,
	decision func(ctx context.Context, by chat.User, id int64, message string) error,
) error {
	var in decisionRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	id := web.ParseID(c.Param("id"))
	err := decision(c.Request().Context(), web.CurrentUser(c), id, in.Message)
	s.logOwnAction(c, action, err, slog.Int64("application", id))
	if fields := chat.FieldErrors(err); len(fields) > 0 && !web.WantsJSON(c) {
		form := views.Form{Values: map[string]string{"message": in.Message}, Errors: fields}
		return s.renderApplications(c, http.StatusUnprocessableEntity, id, form)
	}
	if err != nil {
		return err
	}
	return web.Finish(c, views.ApplicationsURL)
}
