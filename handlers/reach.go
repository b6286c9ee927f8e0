package handlers

import (
	"strings"

	"charla/chat"
	"charla/views"

	"github.com/labstack/echo/v4"
)

type newAddress struct {
	Email   string `form:"email" json:"email"`
	Current string `form:"current" json:"current"`
}

// changeEmail spends a turn of the person before it looks at the password, and one of the address to which a letter goes.
func (s *Server) changeEmail(c echo.Context) error {
	var in newAddress
	if err := decode(c, &in); err != nil {
		return err
	}
	me, mail := person(c), s.chat.Reach().Mail
	err := s.limits.passwords.takeFor(me)
	if err == nil && mail {
		err = s.mayWrite(in.Email)
	}
	if err == nil {
		err = s.chat.ChangeEmail(c.Request().Context(), me, in.Current, in.Email)
	}
	switch {
	case err != nil:
		return s.unsaved(c, err, func(v *views.Choices) *views.Form { return &v.Email }, map[string]string{"email": in.Email})
	case mail:
		return asked(c, "/settings?saved=email")
	}
	return done(c, "/settings?saved=email")
}

type mailWish struct {
	Mail string `form:"mail" json:"mail"`
}

func (s *Server) saveMailWish(c echo.Context) error {
	var in mailWish
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.chat.SaveMailWish(c.Request().Context(), person(c), in.Mail, s.locale(c).Lang); err != nil {
		return s.unsaved(c, err, func(v *views.Choices) *views.Form { return &v.Mail }, map[string]string{"mail": in.Mail})
	}
	return done(c, "/settings?saved=mail")
}

// flag is a choice of two in a form, where it is 1 or nothing, or in JSON.
type flag bool

// UnmarshalParam reads a form's field.
func (f *flag) UnmarshalParam(s string) error {
	*f = flag(s == "1" || s == "true")
	return nil
}

func (f flag) value() string {
	if f {
		return "1"
	}
	return ""
}

type pushWishes struct {
	Topic string `form:"topic" json:"topic"`
	Rooms flag   `form:"rooms" json:"rooms"`
	Words flag   `form:"words" json:"words"`
}

func (s *Server) savePushWishes(c echo.Context) error {
	var in pushWishes
	if err := decode(c, &in); err != nil {
		return err
	}
	wishes := chat.Wishes{PushTopic: strings.TrimSpace(in.Topic), PushRooms: bool(in.Rooms), PushText: bool(in.Words)}
	if err := s.chat.SavePushWishes(c.Request().Context(), person(c), wishes); err != nil {
		values := map[string]string{"topic": in.Topic, "rooms": in.Rooms.value(), "words": in.Words.value()}
		return s.unsaved(c, err, func(v *views.Choices) *views.Form { return &v.Push }, values)
	}
	return done(c, "/settings?saved=push")
}

func (s *Server) testPush(c echo.Context) error {
	err := s.limits.tests.takeFor(person(c)) // anybody's topic may be meant
	if err == nil {
		err = s.chat.TestPush(c.Request().Context(), person(c))
	}
	if err != nil {
		return s.unsaved(c, err, func(v *views.Choices) *views.Form { return &v.Push }, nil)
	}
	return asked(c, "/settings?saved=test")
}

// withPush is for what exists only where pushes are on.
func (s *Server) withPush(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !s.chat.Reach().Push {
			return chat.ErrNotFound
		}
		return next(c)
	}
}
