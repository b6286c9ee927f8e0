package handlers_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// TestExamplesMatchTheirSchemas checks every example of the document against the schema beside it.
func TestExamplesMatchTheirSchemas(t *testing.T) {
	t.Parallel()
	c := openSQLite(t).readContract()
	checked := 0
	var visit func(v any, path ...string)
	visit = func(v any, path ...string) {
		object, _ := v.(map[string]any)
		if example, ok := object["example"]; ok && object["schema"] != nil {
			checked++
			text, err := json.Marshal(example)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.validate(string(text), append(path, "schema")...); err != nil {
				t.Errorf("%s: the example %s is wrong: %v", strings.Join(path, " "), text, err)
			}
			return
		}
		for name, inner := range object {
			visit(inner, append(path[:len(path):len(path)], name)...)
		}
	}
	visit(c.doc)
	if checked < 100 {
		t.Errorf("only %d examples", checked)
	}
}

// jsonBody is what the document says about a JSON body.
type jsonBody struct {
	route      string // such as "/rooms"
	properties map[string]any
	required   []any
	example    map[string]any
}

// jsonBodies returns the bodies of all POST routes that have no parameter in their path.
func (c *openAPIContract) jsonBodies() (bodies []jsonBody) {
	for path := range c.lookup("paths").(map[string]any) {
		body := []string{"paths", path, "post", "requestBody", "content", "application/json"}
		media, _ := c.lookup(body...).(map[string]any)
		if media == nil || strings.Contains(path, "{") {
			continue
		}
		reference := media["schema"].(map[string]any)["$ref"].(string)
		schema := c.lookup(strings.Split(strings.TrimPrefix(reference, "#/"), "/")...).(map[string]any)
		required, _ := schema["required"].([]any)
		bodies = append(bodies, jsonBody{
			path, schema["properties"].(map[string]any), required, media["example"].(map[string]any),
		})
	}
	return bodies
}

// with returns the example with another value of a field, or without the field if value is nil.
func (b jsonBody) with(field string, value any) map[string]any {
	in := maps.Clone(b.example)
	if in[field] = value; value == nil {
		delete(in, field)
	}
	return in
}

// TestErrorsNameTheAllowedValues sends a wrong value in each field that has few values.
func TestErrorsNameTheAllowedValues(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withMedia)
	ana, checked := s.newUser("Ana"), 0
	for _, name := range []string{"Garden", "Kitchen"} { // the examples name the room 3
		ana.createRoom(name, "open")
	}
	for _, body := range s.readContract().jsonBodies() {
		for field, schema := range body.properties {
			values, _ := schema.(map[string]any)["enum"].([]any)
			if values == nil {
				continue
			}
			checked++
			a := ana.postJSON(body.route, body.with(field, "no such value")).isError(422, "invalid", field)
			for _, value := range values {
				contains(t, a.body, value.(string))
			}
		}
	}
	if checked < 5 {
		t.Errorf("only %d fields with few values", checked)
	}
}

// TestRequiredFieldsAreRequired leaves out each field that the document calls required.
func TestRequiredFieldsAreRequired(t *testing.T) {
	t.Parallel()
	s := openSQLite(t, withMedia)
	ana, checked := s.newUser("Ana"), 0
	for _, body := range s.readContract().jsonBodies() {
		for _, field := range body.required {
			checked++
			a := ana.postJSON(body.route, body.with(field.(string), nil))
			if a.status < http.StatusBadRequest || a.status >= http.StatusInternalServerError {
				t.Errorf("%s without %s is answered with %d", body.route, field, a.status)
			}
		}
	}
	if checked < 10 {
		t.Errorf("only %d required fields", checked)
	}
}
