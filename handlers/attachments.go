package handlers

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"time"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) attachmentRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/files", Handler: s.uploadFiles, Access: web.Member,
			Upload: web.AnyUpload,
			Doc: web.Operation{
				Summary: "Uploads files, which wait one day for their message: as a multipart form, or one file as " +
					"the whole body.",
				Query:     "with room name upload",
				Body:      web.MultipartFields{"with", "room", "upload", "alt"},
				Responses: web.Responses{201: web.AnyOf{web.FileJSON{}, filesJSON{}}},
			},
		},
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

// progressEvery is how often the pages of an uploader are told at most how much has come.
const progressEvery = 250 * time.Millisecond

var errNoFile = &chat.Error{Code: chat.Invalid, Field: "file", Format: "Choose a file first."}

// uploadResult is what came of the files of a request.
type uploadResult struct {
	place   chat.ConversationRef
	files   []chat.File
	refused []views.RejectedFile
}

func (in uploadResult) ids() (ids []web.ID) {
	for _, f := range in.files {
		ids = append(ids, web.ID(f.ID))
	}
	return ids
}

// uploadFiles takes files that will wait for their message. One that is refused does not hold up the others.
func (s *Server) uploadFiles(c echo.Context) error {
	in, err := s.receiveFiles(c)
	none := len(in.files)+len(in.refused) == 0
	if err == nil && !none && len(in.files) == 0 && (web.WantsJSON(c) || in.place == chat.ConversationRef{}) {
		err = in.refused[0].Error
	}
	switch {
	case err != nil:
		return err
	case none && in.place != chat.ConversationRef{} && !web.WantsJSON(c) && !web.IsHTMX(c):
		return s.rerenderComposerWithFiles(c, in, errNoFile)
	case none:
		return errNoFile
	case web.WantsJSON(c):
		return c.JSON(http.StatusCreated, s.uploadResultToJSON(c, in))
	case web.IsHTMX(c):
		return s.Render(c, http.StatusOK, views.UploadResponse(s.Locale(c), in.place, in.files, in.refused))
	case len(in.refused) > 0 || formBody(c) != "":
		return s.rerenderComposerWithFiles(c, in, nil)
	default:
		return c.Redirect(http.StatusSeeOther, conversationURL(in.place))
	}
}

// receiveFiles reads the files of a request, each kept as it comes: a form in parts, or one file that is the whole body.
func (s *Server) receiveFiles(c echo.Context) (in uploadResult, err error) {
	r := c.Request()
	defer func() {
		http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(s.transferTimeouts.Response))
	}()
	take := func(fields url.Values, name string, file io.Reader) error {
		in.place = s.uploadTarget(c, fields)
		return s.saveFile(c, &in, fields, name, file)
	}
	if web.IsMultipart(r) {
		err = web.ReadMultipart(r, take)
		in.place = s.uploadTarget(c, r.PostForm)
		return in, err
	}
	if r.ContentLength == 0 {
		return in, nil
	}
	return in, take(c.QueryParams(), c.QueryParam("name"), r.Body)
}

// uploadTarget is the place that the fields name, or the address.
func (s *Server) uploadTarget(c echo.Context, fields url.Values) chat.ConversationRef {
	p := chat.ConversationRef{With: web.ParseID(fields.Get("with")), Room: web.ParseID(fields.Get("room"))}
	if p == (chat.ConversationRef{}) {
		p = web.QueryConversation(c)
	}
	return p
}

// Allow keeps one file, or notes why not. What the file is not to blame for is an error.
func (s *Server) saveFile(c echo.Context, in *uploadResult, fields url.Values, name string, file io.Reader) error {
	me := web.CurrentUser(c)
	if err := s.limits.Uploads.AllowUser(me); err != nil {
		return err
	}
	upload := cmp.Or(fields.Get("upload"), c.QueryParam("upload"))
	over := s.reportProgress(c, in.place, upload, name)
	defer over()
	f, err := s.chat.Upload(c.Request().Context(), me, chat.NewUpload{Conversation: in.place, Name: name, Alt: fields.Get("alt"), UploadID: upload, Body: file})
	fields.Del("alt")
	if err == nil {
		in.files = append(in.files, f)
		return nil
	}
	if code := chat.CodeOf(err); code != chat.Invalid && code != chat.TooLarge || err == web.ErrUploadBroken || err == web.ErrBodyTooLarge {
		return err
	}
	e, _ := web.ClassifyError(c, err)
	in.refused = append(in.refused, views.RejectedFile{Name: chat.CleanFileName(name), Error: e})
	return nil
}

// reportProgress tells the uploader's pages how much of a request has come, until the returned function is called.
func (s *Server) reportProgress(c echo.Context, p chat.ConversationRef, upload, name string) (over func()) {
	body, ok := c.Request().Body.(*web.UploadBody)
	if !ok || upload == "" {
		return func() {}
	}
	word := chat.UploadProgress{UploadID: upload, FileName: chat.CleanFileName(name), Total: max(0, c.Request().ContentLength)}
	var last time.Time
	body.OnProgress = func(got int64) {
		if now := time.Now(); now.Sub(last) >= progressEvery {
			last, word.Received = now, got
			s.chat.ReportUploadProgress(web.CurrentUser(c), p, word)
		}
	}
	return func() {
		body.OnProgress = nil
		word.Done = true
		s.chat.ReportUploadProgress(web.CurrentUser(c), p, word)
	}
}

// conversationURL is the page of a place, or the chat.
func conversationURL(p chat.ConversationRef) string {
	if p == (chat.ConversationRef{}) {
		return "/chat"
	}
	return views.MessagesURL(p)
}

type altTextForm struct {
	Alt string `form:"alt" json:"alt"`
}

// describeFile says what a file that waits shows.
func (s *Server) describeFile(c echo.Context) error {
	var in altTextForm
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	if alt, ok := c.Request().PostForm["alt-"+c.Param("id")]; ok { // the box has a field for each of its files
		in.Alt = alt[0]
	}
	place, err := s.chat.DescribeFile(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")), in.Alt)
	return s.finishAttachment(c, place, err)
}

// deleteFile takes a file that waits out of its box.
func (s *Server) deleteFile(c echo.Context) error {
	if err := web.Bind(c, &struct{}{}); err != nil {
		return err
	}
	place, err := s.chat.DeleteFile(c.Request().Context(), web.CurrentUser(c), web.ParseID(c.Param("id")))
	return s.finishAttachment(c, place, err)
}

// finishAttachment answers what was done with a file that waits.
func (s *Server) finishAttachment(c echo.Context, p chat.ConversationRef, err error) error {
	switch in := (uploadResult{place: p}); {
	case err != nil:
		return err
	case web.WantsJSON(c):
		return c.NoContent(http.StatusNoContent)
	case web.IsHTMX(c): // the page knows what to do with its chip
		return c.NoContent(http.StatusOK)
	case formBody(c) != "":
		return s.rerenderComposerWithFiles(c, in, nil)
	default:
		return c.Redirect(http.StatusSeeOther, conversationURL(p))
	}
}

// filesJSON answers several files at once.
type filesJSON struct {
	Files   []web.FileJSON `json:"files"`
	Refused []refusedJSON  `json:"refused,omitempty"`
}

type refusedJSON struct {
	Name    string `json:"name"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// uploadResultToJSON is the file where one was sent, a list where several were.
func (s *Server) uploadResultToJSON(c echo.Context, in uploadResult) any {
	if len(in.files) == 1 && len(in.refused) == 0 {
		return web.FileToJSON(in.files[0])
	}
	out, l := filesJSON{Files: web.FilesToJSON(in.files)}, s.Locale(c)
	for _, r := range in.refused {
		out.Refused = append(out.Refused, refusedJSON{r.Name, string(r.Error.Code), l.Error(r.Error)})
	}
	return out
}
