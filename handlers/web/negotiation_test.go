package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

// TestWantsJSON checks the order of the rules: the route, the Accept header, a bearer token or a JSON body, and else HTML.
func TestWantsJSON(t *testing.T) {
	const token, jsonBody = "Authorization: bearer x", "Content-Type: Application/JSON; charset=utf-8"
	for _, test := range []struct {
		route   Route
		headers []string
		want    bool
	}{
		{want: false},
		{headers: []string{"Accept: */*"}, want: false},
		{headers: []string{"Accept: application/json"}, want: true},
		{headers: []string{"Accept: Application/JSON;q=0.5, */*"}, want: true},
		{headers: []string{"Accept: text/html, application/json;q=0.9"}, want: false},
		{headers: []string{"Accept: text/html;q=0.8, application/json;q=0.9"}, want: true},
		{headers: []string{"Accept: text/event-stream", "Accept: application/json"}, want: true},
		{headers: []string{token}, want: true},
		{headers: []string{token, "Accept: */*"}, want: true},
		{headers: []string{token, "Accept: text/event-stream"}, want: true},
		{headers: []string{token, "Accept: text/html"}, want: false},
		{headers: []string{token, "Accept: text/html, application/json"}, want: true},
		{headers: []string{"Authorization: Basic x"}, want: false},
		{headers: []string{jsonBody}, want: true},
		{headers: []string{jsonBody, "Accept: text/html"}, want: false},
		{route: Route{ProgramsOnly: true}, headers: []string{"Accept: text/html"}, want: true},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		for _, header := range test.headers {
			name, value, _ := strings.Cut(header, ": ")
			r.Header.Add(name, value)
		}
		c := echo.New().NewContext(r, httptest.NewRecorder())
		SetRoute(c, &test.route)
		if got := WantsJSON(c); got != test.want {
			t.Errorf("%+v with %q: got %v", test.route, test.headers, got)
		}
	}
}
