package handlers_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// openAPIContract is the document at /openapi.json, read strictly: an answer may contain only what it describes.
type openAPIContract struct {
	doc map[string]any

	mu       sync.Mutex // guards compiler
	compiler *jsonschema.Compiler
}

// readContract reads the document as an anonymous client does.
func (s *testServer) readContract() *openAPIContract {
	s.t.Helper()
	a := s.anonymous().get("/openapi.json").is(http.StatusOK)
	read, err := jsonschema.UnmarshalJSON(strings.NewReader(a.body))
	if err != nil {
		s.t.Fatal(err)
	}
	c := &openAPIContract{doc: read.(map[string]any), compiler: jsonschema.NewCompiler()}
	forbidUnknownFields(c.doc)
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource("openapi.json", c.doc); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// forbidUnknownFields makes every object schema reject fields that it does not describe.
func forbidUnknownFields(v any) {
	switch v := v.(type) {
	case map[string]any:
		if v["properties"] != nil && v["type"] == "object" {
			v["additionalProperties"] = false
		}
		for _, inner := range v {
			forbidUnknownFields(inner)
		}
	case []any:
		for _, inner := range v {
			forbidUnknownFields(inner)
		}
	}
}

// lookup returns the value at a path in the document, or nil.
func (c *openAPIContract) lookup(path ...string) (v any) {
	v = c.doc
	for _, name := range path {
		in, _ := v.(map[string]any)
		v = in[name]
	}
	return v
}

var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

// validate checks JSON against a schema of the document.
func (c *openAPIContract) validate(body string, path ...string) error {
	at := "openapi.json#"
	for _, name := range path {
		at += "/" + pointerEscaper.Replace(name)
	}
	c.mu.Lock()
	schema, err := c.compiler.Compile(at)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewBufferString(body))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

// check fails the test if an answer to a program is not what the document says for its route.
func (c *openAPIContract) check(t *testing.T, route string, a *answer) {
	t.Helper()
	if a == nil || strings.Contains(route, "/static/") {
		return
	}
	if err := c.difference(route, a); err != nil {
		t.Errorf("%s: %v", route, err)
	}
}

func (c *openAPIContract) difference(route string, a *answer) error {
	method, path, _ := strings.Cut(route, " ")
	operation := []string{"paths", openAPIPath(path), strings.ToLower(method), "responses"}
	described := append(operation, fmt.Sprint(a.status))
	switch answer := c.lookup(described...).(type) {
	case nil:
		if a.status < 400 {
			return fmt.Errorf("the answer %d is not described: add it to the Doc of the route", a.status)
		}
		return c.validate(a.body, "components", "responses", "Error", "content", "application/json", "schema")
	case map[string]any:
		if answer["content"] == nil {
			if a.body != "" {
				return fmt.Errorf("the body is %q, but the document describes none", a.body)
			}
			return nil
		}
		kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
		if c.lookup(append(described, "content", kind)...) == nil && c.lookup(append(described, "content", "*/*")...) == nil {
			return fmt.Errorf("the Content-Type %s is not described", kind)
		}
		if kind == "application/json" {
			return c.validate(a.body, append(described, "content", kind, "schema")...)
		}
	}
	return nil
}

// openAPIPath converts the parameters of a path to the notation of OpenAPI.
func openAPIPath(path string) string {
	return regexp.MustCompile(`:(\w+)`).ReplaceAllString(path, "{$1}")
}

func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	c := s.readContract()
	equal(t, "version", c.lookup("openapi"), any("3.1.0"))
	known, ids := map[string]bool{}, map[string]bool{}
	for _, route := range s.handler.RegisteredRoutes() {
		method, path, _ := strings.Cut(route, " ")
		if method == http.MethodHead || strings.HasPrefix(path, "/static/") {
			continue
		}
		known[strings.ToLower(method)+" "+openAPIPath(path)] = true
		if c.lookup("paths", openAPIPath(path), strings.ToLower(method)) == nil {
			t.Errorf("%s is not described: give the route a Doc", route)
		}
	}
	for path, methods := range c.lookup("paths").(map[string]any) {
		for method, operation := range methods.(map[string]any) {
			if !known[method+" "+path] {
				t.Errorf("%s %s is described but not served", method, path)
			}
			o := operation.(map[string]any)
			if o["summary"] == "" {
				t.Errorf("%s %s has no summary", method, path)
			}
			id, _ := o["operationId"].(string)
			if !regexp.MustCompile(`^[a-z][A-Za-z]*$`).MatchString(id) || ids[id] {
				t.Errorf("%s %s has the invalid or duplicate operationId %q", method, path, id)
			}
			ids[id] = true
			if method == "get" {
				a := s.anonymous().get(regexp.MustCompile(`{\w+}`).ReplaceAllString(path, "1"), asJSON)
				if open := len(o["security"].([]any)) == 0; open == (a.status == http.StatusUnauthorized) {
					t.Errorf("an anonymous client gets %d from %s, but the document says otherwise", a.status, path)
				}
			}
			for i := range operation.(map[string]any)["parameters"].([]any) {
				p := operation.(map[string]any)["parameters"].([]any)[i].(map[string]any)
				if p["in"] == "query" && p["description"] == "" {
					t.Errorf("%s %s: the query parameter %q has no description", method, path, p["name"])
				}
			}
		}
	}
	for name := range c.lookup("components", "schemas").(map[string]any) { // an invalid schema does not compile
		err := c.validate("{}", "components", "schemas", name)
		if err != nil && !strings.Contains(err.Error(), "jsonschema validation failed") {
			t.Error(err)
		}
	}
	for route, needs := range map[string]string{"PUT /messages/:id": `{"body":"x"}`, "POST /messages": `{"with":1}`, "POST /messages/:id/reactions": `{"emoji":"👍","mine":true}`} {
		method, path, _ := strings.Cut(route, " ")
		body := []string{
			"paths", openAPIPath(path), strings.ToLower(method), "requestBody", "content", "application/json", "schema",
		}
		if err := c.validate(needs, body...); err != nil {
			t.Errorf("%s accepts %s, but the document does not: %v", route, needs, err)
		}
	}
}

// TestEveryEventIsDescribed causes events of every kind that a user can cause, and checks them against the document.
func TestEveryEventIsDescribed(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	c := s.readContract()
	ana, ben := s.newUser("Ana"), s.newUser("Ben")
	stream := ben.listen("/events?room=1", asEventStream)
	stream.waitForNamed("changed")
	m := ana.sendMessage("room=1", "hello")
	ana.editMessage(m, "good day")
	ben.react(m, "🎉").is(200)
	ana.deleteMessage(m).is(204)
	ana.post("/drafts", []string{"room", "1", "body", "h", "key", "k"}, asJSON).is(204)
	told, before := stream.readUntil("typing", func(e event) bool { return e.name == "typing" })
	ben.post("/read", []string{"room", "1", "seq", "99"}, asJSON).is(204)
	read, between := stream.readUntil("read", func(e event) bool { return e.name == "read" })
	ben.post("/logout", nil, asJSON).is(204)
	end, after := stream.readUntil("bye", func(e event) bool { return e.name == "bye" })
	seen := map[string]bool{}
	for _, e := range append(append(append(append(before, between...), after...), told, read), end) {
		seen[e.name] = true
		if c.lookup("x-events", e.name) == nil {
			t.Errorf("the event %q is not described: add it to stream.Docs", e.name)
		} else if err := c.validate(e.data, "x-events", e.name, "schema"); err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
	}
	for _, name := range []string{"message", "edited", "reaction", "deleted", "typing", "presence", "changed", "read", "logout", "bye"} {
		if !seen[name] {
			t.Errorf("no event %s came", name)
		}
	}
}

// A program gets every error in the same form.
func TestErrorsForPrograms(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, func(c *serverOptions) { c.RateScale = 1 })
	ana := s.newUser("Ana")
	s.anonymous().get("/login", asJSON).isError(406, "not_acceptable", "")
	ana.get("/messages/live?room=1", asJSON).isError(406, "not_acceptable", "")
	ana.do("POST", "/messages", strings.NewReader("hello"), "Content-Type: text/plain", asJSON).
		isError(415, "unsupported", "")
	ana.do("POST", "/messages", strings.NewReader("hello"), asJSON).isError(415, "unsupported", "")
	allow := ana.do("PUT", "/messages", nil, asJSON).isError(405, "method_not_allowed", "").header.Get("Allow")
	contains(t, allow, "GET", "POST")
	a := s.anonymous().post("/register", []string{"name", "", "email", "nobody", "password", "x"}, asJSON).
		isError(422, "invalid", "name")
	told := decodeLoosely[struct {
		Error struct{ Fields map[string]string }
	}](a)
	equal(t, "wrong fields", strings.Join(slices.Sorted(maps.Keys(told.Error.Fields)), " "), "email name password")
	for range 300 {
		if a = ana.post("/drafts", []string{"room", "1", "body", "h"}, asJSON); a.status == http.StatusTooManyRequests {
			break
		}
	}
	a.isError(429, "too_many", "")
	if a.header.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
	s.exec(`DROP TABLE sessions`)
	ana.get("/chat", asJSON).isError(500, "internal", "")
}
