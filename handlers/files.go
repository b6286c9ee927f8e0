package handlers

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"time"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

// progressEvery is how often the pages of an uploader are told at most how much has come.
const progressEvery = 250 * time.Millisecond

var errNoFile = &chat.Error{Code: chat.Invalid, Field: "file", Format: "Choose a file first."}

// received is what came of the files of a request.
type received struct {
	place   chat.Place
	files   []chat.File
	refused []views.Refused
}

func (in received) ids() (ids []id) {
	for _, f := range in.files {
		ids = append(ids, id(f.ID))
	}
	return ids
}

// postFiles takes files that will wait for their message. One that is refused does not hold up the others.
func (s *Server) postFiles(c echo.Context) error {
	in, err := s.receive(c)
	none := len(in.files)+len(in.refused) == 0
	if err == nil && !none && len(in.files) == 0 && (failsInJSON(c) || in.place == chat.Place{}) {
		err = in.refused[0].Error
	}
	switch {
	case err != nil:
		return err
	case none && in.place != chat.Place{} && !failsInJSON(c) && !isHX(c):
		return s.composerAgain(c, in, errNoFile)
	case none:
		return errNoFile
	case wantsJSON(c):
		return c.JSON(http.StatusCreated, s.receivedToJSON(c, in))
	case isHX(c):
		return s.render(c, http.StatusOK, views.Arrived(s.locale(c), in.place, in.files, in.refused))
	case len(in.refused) > 0 || textOf(c) != "":
		return s.composerAgain(c, in, nil)
	default:
		return c.Redirect(http.StatusSeeOther, placeURL(in.place))
	}
}

// receive reads the files of a request, each kept as it comes: a form in parts, or one file that is the whole body.
func (s *Server) receive(c echo.Context) (in received, err error) {
	r := c.Request()
	defer func() { http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(s.patience.answer)) }()
	take := func(fields url.Values, name string, file io.Reader) error {
		in.place = s.placeOf(c, fields)
		return s.take(c, &in, fields, name, file)
	}
	if isForm(r) {
		err = readParts(r, take)
		in.place = s.placeOf(c, r.PostForm)
		return in, err
	}
	if r.ContentLength == 0 {
		return in, nil
	}
	return in, take(c.QueryParams(), c.QueryParam("name"), r.Body)
}

// placeOf is the place that the fields name, or the address.
func (s *Server) placeOf(c echo.Context, fields url.Values) chat.Place {
	p := chat.Place{With: number(fields.Get("with")), Room: number(fields.Get("room"))}
	if p == (chat.Place{}) {
		p = queryPlace(c)
	}
	return p
}

// take keeps one file, or notes why not. What the file is not to blame for is an error.
func (s *Server) take(c echo.Context, in *received, fields url.Values, name string, file io.Reader) error {
	me := person(c)
	if err := s.limits.files.takeFor(me); err != nil {
		return err
	}
	upload := cmp.Or(fields.Get("upload"), c.QueryParam("upload"))
	over := s.tellProgress(c, in.place, upload, name)
	defer over()
	f, err := s.chat.Upload(c.Request().Context(), me, chat.UploadIn{Place: in.place, Name: name, Alt: fields.Get("alt"), Upload: upload, Body: file})
	fields.Del("alt")
	if err == nil {
		in.files = append(in.files, f)
		return nil
	}
	if code := chat.CodeOf(err); code != chat.Invalid && code != chat.TooLarge || err == errBroken || err == errTooMuch {
		return err
	}
	e, _ := understand(c, err)
	in.refused = append(in.refused, views.Refused{Name: chat.CleanFileName(name), Error: e})
	return nil
}

// tellProgress tells the uploader's pages how much of a request has come, until the returned function is called.
func (s *Server) tellProgress(c echo.Context, p chat.Place, upload, name string) (over func()) {
	body, ok := c.Request().Body.(*arriving)
	if !ok || upload == "" {
		return func() {}
	}
	word := chat.Uploading{ID: upload, Name: chat.CleanFileName(name), Total: max(0, c.Request().ContentLength)}
	var last time.Time
	body.told = func(got int64) {
		if now := time.Now(); now.Sub(last) >= progressEvery {
			last, word.Received = now, got
			s.chat.Uploading(person(c), p, word)
		}
	}
	return func() {
		body.told = nil
		word.Over = true
		s.chat.Uploading(person(c), p, word)
	}
}

// textOf is the text of a message in a form that was sent for another reason.
func textOf(c echo.Context) string { return c.Request().PostForm.Get("body") }

// composerAgain shows a browser without JavaScript its conversation again, with what stood in the box, and says why: of each file
// that was refused, and e, unless that is nil.
func (s *Server) composerAgain(c echo.Context, in received, e *chat.Error) error {
	form, status := c.Request().PostForm, http.StatusOK
	box := views.Composer{Place: in.place, Key: form.Get("key"), Body: form.Get("body"), Base: form.Get("base"), Refused: in.refused, Error: e}
	if e == nil && len(in.refused) > 0 {
		e = in.refused[0].Error
	}
	if e != nil {
		status = statuses[e.Code]
	}
	return s.unsent(c, status, box)
}

// placeURL is the page of a place, or the chat.
func placeURL(p chat.Place) string {
	if p == (chat.Place{}) {
		return "/chat"
	}
	return views.MessagesURL(p)
}

type description struct {
	Alt string `form:"alt" json:"alt"`
}

// describeFile says what a file that waits shows.
func (s *Server) describeFile(c echo.Context) error {
	var in description
	if err := decode(c, &in); err != nil {
		return err
	}
	if alt, ok := c.Request().PostForm["alt-"+c.Param("id")]; ok { // the box has a field for each of its files
		in.Alt = alt[0]
	}
	place, err := s.chat.DescribeFile(c.Request().Context(), person(c), number(c.Param("id")), in.Alt)
	return s.settled(c, place, err)
}

// deleteFile takes a file that waits out of its box.
func (s *Server) deleteFile(c echo.Context) error {
	if err := decode(c, &struct{}{}); err != nil {
		return err
	}
	place, err := s.chat.DeleteFile(c.Request().Context(), person(c), number(c.Param("id")))
	return s.settled(c, place, err)
}

// settled answers what was done with a file that waits.
func (s *Server) settled(c echo.Context, p chat.Place, err error) error {
	switch in := (received{place: p}); {
	case err != nil:
		return err
	case wantsJSON(c):
		return c.NoContent(http.StatusNoContent)
	case isHX(c): // the page knows what to do with its chip
		return c.NoContent(http.StatusOK)
	case textOf(c) != "":
		return s.composerAgain(c, in, nil)
	default:
		return c.Redirect(http.StatusSeeOther, placeURL(p))
	}
}

// fileJSON is a file as programs see it.
type fileJSON struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Alt      string `json:"alt,omitempty"`
	Type     string `json:"type"`
	Size     int64  `json:"size"`
	URL      string `json:"url"`
	ThumbURL string `json:"thumb_url,omitempty"` // of a picture
	Width    int    `json:"width"`
	Height   int    `json:"height"`
}

func fileToJSON(f chat.File) fileJSON {
	out := fileJSON{ID: f.ID, Name: f.Name, Alt: f.Alt, Type: f.Type, Size: f.Size, URL: views.FileURL(f.ID, chat.Whole), Width: f.Width, Height: f.Height}
	if f.Picture() {
		out.ThumbURL = views.FileURL(f.ID, chat.Thumb)
	}
	return out
}

func filesToJSON(files []chat.File) []fileJSON {
	out := make([]fileJSON, len(files))
	for i, f := range files {
		out[i] = fileToJSON(f)
	}
	return out
}

// filesJSON answers several files at once.
type filesJSON struct {
	Files   []fileJSON    `json:"files"`
	Refused []refusedJSON `json:"refused,omitempty"`
}

type refusedJSON struct {
	Name    string `json:"name"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// receivedToJSON is the file where one was sent, a list where several were.
func (s *Server) receivedToJSON(c echo.Context, in received) any {
	if len(in.files) == 1 && len(in.refused) == 0 {
		return fileToJSON(in.files[0])
	}
	out, l := filesJSON{Files: filesToJSON(in.files)}, s.locale(c)
	for _, r := range in.refused {
		out.Refused = append(out.Refused, refusedJSON{r.Name, string(r.Error.Code), l.Error(r.Error)})
	}
	return out
}
