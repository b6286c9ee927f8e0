package handlers

import (
	"io"
	"net/http"
	"net/url"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"

	"github.com/labstack/echo/v4"
)

func (s *Server) avatarRoutes() []web.Route {
	return []web.Route{
		{
			Method: http.MethodPost, Path: "/settings/avatar", Handler: s.changeAvatar, Access: web.Member,
			Upload: web.MultipartUpload,
			Doc: web.Operation{
				Summary:   "Sets the profile picture, or removes it if remove is set.",
				Body:      avatarRequest{},
				Responses: web.Responses{204: nil},
			},
		},
	}
}

func pictureForm(f *views.SettingsForms) *views.Form { return &f.Picture }

// changeAvatar sets or removes the caller's profile picture.
func (s *Server) changeAvatar(c echo.Context) error {
	if err := s.readAvatar(c); err != nil {
		return s.rerenderSettings(c, err, pictureForm, nil)
	}
	return web.Finish(c, "/settings?saved=picture")
}

// avatarRequest is the form or JSON that removes the caller's profile picture. It is not used if a form contains a
// picture.
type avatarRequest struct {
	Remove string `form:"remove" json:"remove" example:"1"` // anything but empty
}

// readAvatar stores the picture in the form as the caller's profile picture. If the form has the field "remove", it
// removes the profile picture instead. It returns errNoFile if the form has neither.
func (s *Server) readAvatar(c echo.Context) error {
	me, set := web.CurrentUser(c), false
	setAvatar := func(_ url.Values, name string, file io.Reader) error {
		if err := s.limits.Uploads.AllowUser(me); err != nil {
			return err
		}
		if _, err := s.chat.SetAvatar(c.Request().Context(), me, chat.NewUpload{Name: name, Body: file}); err != nil {
			return err
		}
		set = true
		return nil
	}
	if web.IsMultipart(c.Request()) {
		if err := web.ReadMultipart(c.Request(), setAvatar); err != nil {
			return err
		}
	}
	var in avatarRequest
	if err := web.Bind(c, &in); err != nil {
		return err
	}
	switch {
	case set:
		return nil
	case in.Remove == "":
		return errNoFile
	}
	return s.chat.RemoveAvatar(c.Request().Context(), me)
}
