package handlers

import (
	"net/http"

	"charla/chat"
	"charla/handlers/web"

	"github.com/labstack/echo/v4"
)

func (s *Server) attachmentRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/files/:id", Handler: s.describeFile, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Sets the alt text of an uploaded file that is not sent yet.",
				Body:      altTextForm{},
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodDelete, Path: "/files/:id", Handler: s.deleteFile, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Deletes an uploaded file that is not sent yet.",
				Responses: web.Responses{204: nil},
			},
		},
		{
			Method: http.MethodPost, Path: "/files/:id/delete", Handler: s.deleteFile, Access: web.Member,
			Doc: web.Operation{
				Summary:   "Does the same as DELETE for HTML forms.",
				Responses: web.Responses{204: nil},
			},
		},
	}
}

// altTextForm is the form or JSON that sets the alt text of a file.
type altTextForm struct {
	Alt string `form:"alt" json:"alt" example:"" max:"4000"`
}

// describeFile sets the alt text of an uploaded file that has not been sent yet. The composer may show several files,
// so its form calls the field alt-ID, with the id of the file. Programs call it alt.
func (s *Server) describeFile(c echo.Context) error {
	var in altTextForm
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	if alt, ok := c.Request().PostForm["alt-"+c.Param("id")]; ok {
		in.Alt = alt[0]
	}
	file := web.ParseID(c.Param("id"))
	conversation, err := s.chat.DescribeFile(c.Request().Context(), web.CurrentUser(c), file, in.Alt)
	if err != nil {
		return err
	}
	return s.finishAttachment(c, conversation)
}

// deleteFile deletes an uploaded file that has not been sent yet.
func (s *Server) deleteFile(c echo.Context) error {
	if err := web.Bind(c, &struct{}{}); err != nil {
		return err
	}
	conversation, err := s.chat.DeleteFile(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
	if err != nil {
		return err
	}
	return s.finishAttachment(c, conversation)
}

// finishAttachment sends the answer after an attachment in the composer of the conversation was described or deleted.
func (s *Server) finishAttachment(c echo.Context, conversation chat.ConversationRef) error {
	if web.WantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	if web.IsHTMX(c) { // the form's attributes say what becomes of the attachment on the page
		return c.NoContent(http.StatusOK)
	}
	return s.answerUpload(c, uploadResult{conversation: conversation}, nil)
}
