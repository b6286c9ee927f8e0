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

func (s *Server) uploadRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/files", Handler: s.uploadFiles, Access: web.Member,
			Upload: web.AnyUpload,
			Doc: web.Operation{
				Summary: "Uploads files, which wait one day for their message: as a multipart form, or one file as " +
					"the whole body. If files are refused or the request ends early, the others are kept.",
				Query:     "with room name upload",
				Body:      uploadRequest{},
				Responses: web.Responses{201: web.AnyOf{web.FileJSON{}, filesJSON{}}},
			},
		},
	}
}

// progressInterval is the shortest time between two progress events of an upload.
const progressInterval = 250 * time.Millisecond

var errNoFile = &chat.Error{Code: chat.Invalid, Field: "file", Format: "Choose a file first."}

// uploadRequest are the form fields of an upload, or the query parameters of one whose whole body is the file. In a
// form, a field applies to the files that come after it.
type uploadRequest struct {
	With   web.ID `form:"with" json:"with"`
	Room   web.ID `form:"room" json:"room"`
	Upload string `form:"upload" json:"upload"`
	Alt    string `form:"alt" json:"alt" max:"4000"` // of the next file only
}

// uploadResult says which files of a request were stored and which were rejected.
type uploadResult struct {
	conversation chat.ConversationRef // which the files are uploaded for; may be empty
	files        []chat.File
	rejected     []views.RejectedFile
	current      string    // name of the file that is being read; empty between files
	reportedAt   time.Time // when progress was last reported
}

// reject adds the file that is being read to the rejected files, with err as the reason.
func (r *uploadResult) reject(c echo.Context, err error) {
	e, _ := web.ClassifyError(c, err)
	r.rejected = append(r.rejected, views.RejectedFile{Name: r.current, Error: e})
}

// uploadFiles stores the files of the request as attachments of the caller's draft, until a message is posted with
// them. If one file is rejected or the request ends early, it still stores the others.
func (s *Server) uploadFiles(c echo.Context) error {
	result, err := s.receiveFiles(c)
	if err != nil && len(result.files) == 0 {
		return err
	}
	if len(result.files)+len(result.rejected) == 0 {
		return s.answerUpload(c, result, errNoFile)
	}
	onlyRejected := len(result.files) == 0
	switch {
	case onlyRejected && (web.WantsJSON(c) || result.conversation == chat.ConversationRef{}):
		return result.rejected[0].Error
	case web.WantsJSON(c):
		return c.JSON(http.StatusCreated, s.uploadResultToJSON(c, result))
	case web.IsHTMX(c):
		response := views.UploadResponse(s.Locale(c), result.conversation, result.files, result.rejected)
		return s.Render(c, http.StatusOK, response)
	}
	return s.answerUpload(c, result, nil)
}

// answerUpload answers a browser without htmx that uploaded, described or deleted attachments. If the form contained a
// message text or something was refused, it answers with the page of the conversation, where the composer has the text
// again. Otherwise it redirects to the conversation. It returns err if the request names no conversation.
func (s *Server) answerUpload(c echo.Context, result uploadResult, err error) error {
	form, conversation := c.Request().PostForm, result.conversation
	in := postRequest{
		With: web.ID(conversation.With), Room: web.ID(conversation.Room),
		Body: form.Get("body"), Key: form.Get("key"), Base: form.Get("base"),
	}
	switch {
	case err != nil && conversation == chat.ConversationRef{}:
		return err
	case err != nil || len(result.rejected) > 0 || in.Body != "":
		return s.rerenderComposer(c, in, result.rejected, err)
	case conversation == chat.ConversationRef{}:
		return c.Redirect(http.StatusSeeOther, "/chat")
	}
	return c.Redirect(http.StatusSeeOther, views.MessagesURL(conversation))
}

// receiveFiles stores the files in the body of a request while the body is still arriving. The body is a multipart form
// or a single file. If the body ends early, receiveFiles returns an error, and the files that were complete by then.
func (s *Server) receiveFiles(c echo.Context) (result uploadResult, err error) {
	r := c.Request()
	defer func() {
		http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(s.transferTimeouts.Response))
	}()
	save := func(fields url.Values, name string, file io.Reader) error {
		var in uploadRequest
		if err := web.BindUpload(fields, &in); err != nil {
			return err
		}
		fields.Del("alt") // it describes this file; the next one may have its own
		result.conversation, result.current = uploadConversation(c, fields), chat.CleanFileName(name)
		return s.saveFile(c, &result, in, name, file)
	}
	if web.IsMultipart(r) {
		if err = web.ReadMultipart(r, save); err != nil && len(result.files) > 0 {
			result.reject(c, err)
		}
		result.conversation = uploadConversation(c, r.PostForm)
		return result, err
	}
	if r.ContentLength == 0 {
		return result, nil
	}
	return result, save(c.QueryParams(), c.QueryParam("name"), r.Body)
}

// uploadConversation returns the conversation for which the files are uploaded. The form fields name it, or else the
// query parameters.
func uploadConversation(c echo.Context, fields url.Values) chat.ConversationRef {
	ref := chat.ConversationRef{With: web.ParseID(fields.Get("with")), Room: web.ParseID(fields.Get("room"))}
	if ref == (chat.ConversationRef{}) {
		ref = web.QueryConversation(c)
	}
	return ref
}

// saveFile stores one file and adds it to result.files. If the file itself is refused, for example because it is too
// large, saveFile adds it to result.rejected and returns nil. It returns any other error.
func (s *Server) saveFile(c echo.Context, result *uploadResult, in uploadRequest, name string, file io.Reader) error {
	me := web.CurrentUser(c)
	if err := s.limits.Uploads.AllowUser(me); err != nil {
		return err
	}
	upload := chat.NewUpload{
		Conversation: result.conversation, Name: name, Alt: in.Alt,
		UploadID: cmp.Or(in.Upload, c.QueryParam("upload")), Body: file,
	}
	body, _ := c.Request().Body.(*web.UploadBody)
	if body != nil && upload.UploadID != "" {
		body.OnProgress = func(received int64) { s.reportProgress(c, result, upload.UploadID, received) }
	}
	f, err := s.chat.Upload(c.Request().Context(), me, upload)
	code := chat.CodeOf(err)
	switch {
	case err == nil:
		result.files = append(result.files, f)
	// the next one may be better
	case (code == chat.Invalid || code == chat.TooLarge) && !(body != nil && body.Failed()):
		result.reject(c, err)
	default:
		return err
	}
	result.current = ""
	return nil
}

// reportProgress tells the pages of the uploading user how many bytes of the request have arrived. It does so at most
// four times a second, and when all bytes have arrived.
func (s *Server) reportProgress(c echo.Context, result *uploadResult, uploadID string, received int64) {
	total, now := max(0, c.Request().ContentLength), time.Now()
	if now.Sub(result.reportedAt) < progressInterval && (total == 0 || received < total) {
		return
	}
	result.reportedAt = now
	s.chat.ReportUploadProgress(web.CurrentUser(c), result.conversation, chat.UploadProgress{
		UploadID: uploadID, FileName: result.current, Received: received, Total: total,
	})
}

// filesJSON is the response to an upload of several files: which were stored and which were rejected.
type filesJSON struct {
	Files   []web.FileJSON `json:"files"`
	Refused []refusedJSON  `json:"refused,omitempty"`
}

// refusedJSON is a rejected file in filesJSON: its name and the reason. The name is empty if the rest of the request
// could not be read.
type refusedJSON struct {
	Name    string    `json:"name"`
	Code    chat.Code `json:"code"`
	Message string    `json:"message"`
}

// uploadResultToJSON returns the JSON response to an upload. For a request with one file it is the file itself,
// otherwise it has lists of the stored and the rejected files.
func (s *Server) uploadResultToJSON(c echo.Context, result uploadResult) any {
	if len(result.files) == 1 && len(result.rejected) == 0 {
		return web.FileToJSON(result.files[0])
	}
	out, l := filesJSON{Files: web.FilesToJSON(result.files)}, s.Locale(c)
	for _, r := range result.rejected {
		out.Refused = append(out.Refused, refusedJSON{r.Name, r.Error.Code, l.Error(r.Error)})
	}
	return out
}
