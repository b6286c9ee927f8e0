package handlers

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// operation describes a route to programs. What it takes and answers is told by the Go types that it reads and writes.
type operation struct {
	does    string // in one line
	query   string // the names of what stands in the address, see parameters
	takes   any    // the body, as a form or JSON, or parts; nil for none
	answers answers
}

// answers are the successes of an operation, by status: a value of the type that is written as JSON, a media type for what
// is none, or nil for nothing. Every failure is an Error.
type answers map[int]any

// media is the type of an answer that is no JSON.
type media string

// parts is a body in parts: files, and fields before them by their names.
type parts []string

// either is an answer of one of several types.
type either []any

// object is a part of the description.
type object = map[string]any

// openAPI answers the description of every route, made once.
func (s *Server) openAPI(c echo.Context) error {
	return c.JSONBlob(http.StatusOK, s.description())
}

func (s *Server) describe() []byte {
	d := &describer{schemas: object{}}
	paths := object{}
	for _, r := range s.routes() {
		o, described := operations[r.method+" "+r.path]
		if !described {
			continue // a test tells
		}
		path := templated.ReplaceAllString(r.path, "{$1}")
		methods, _ := paths[path].(object)
		if methods == nil {
			methods = object{}
			paths[path] = methods
		}
		methods[strings.ToLower(r.method)] = d.operation(r, o)
	}
	text, err := json.Marshal(d.document(paths))
	if err != nil {
		panic(err) // plain values
	}
	return text
}

// templated writes the parameters of a path as OpenAPI does.
var templated = regexp.MustCompile(`:(\w+)`)

// describer collects the schemas of the types that it meets.
type describer struct{ schemas object }

func (d *describer) document(paths object) object {
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Charla", "version": "1", "license": object{"name": "MIT", "identifier": "MIT"},
			"description": "Ask for application/json and every address answers JSON. Every failure has the one form of an Error.",
		},
		"servers":  []object{{"url": "/"}}, // the one that this came from
		"paths":    paths,
		"security": []object{{"session": []string{}}, {"bearer": []string{}}},
		"components": object{
			"securitySchemes": object{
				"session": object{"type": "apiKey", "in": "cookie", "name": CookieName(false), "description": "The cookie that a log-in sets; over https its name is " + CookieName(true) + "."},
				"bearer":  object{"type": "http", "scheme": "bearer"},
			},
			"responses": object{"Error": object{"description": "What was wrong", "content": jsonContent(d.schema(reflect.TypeFor[errorJSON]()))}},
			"schemas":   d.schemas,
		},
		"x-events": d.events(),
	}
}

// events describes what a stream for programs brings, by the names of the events.
func (d *describer) events() object {
	out := object{}
	for name, e := range programEvents {
		out[name] = object{"description": e.means, "schema": d.schema(reflect.TypeOf(e.data))}
	}
	return out
}

func (d *describer) operation(r route, o operation) object {
	out := object{"operationId": operationID(r), "summary": o.does, "parameters": d.parameters(r.path, o.query)}
	if o.takes != nil {
		out["requestBody"] = object{"content": d.body(o.takes)}
	}
	if r.access == anyone {
		out["security"] = []object{}
	}
	failed := object{"$ref": "#/components/responses/Error"}
	responses := object{"4XX": failed, "5XX": failed}
	for status, v := range o.answers {
		responses[strconv.Itoa(status)] = d.response(status, v)
	}
	out["responses"] = responses
	return out
}

var words = regexp.MustCompile(`\w+`)

// operationID names an operation after its address: postBotsIdHooks.
func operationID(r route) string {
	id := strings.ToLower(r.method)
	for _, word := range words.FindAllString(r.path, -1) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

func (d *describer) body(takes any) object {
	fields, inParts := takes.(parts)
	if !inParts {
		body := object{"schema": d.schema(reflect.TypeOf(takes))}
		return object{echo.MIMEApplicationJSON: body, echo.MIMEApplicationForm: body}
	}
	properties := object{"file": object{"type": "string", "contentMediaType": echo.MIMEOctetStream}}
	for _, name := range fields {
		properties[name] = object{"type": "string"}
	}
	return object{echo.MIMEMultipartForm: object{"schema": object{"type": "object", "properties": properties}}}
}

func (d *describer) response(status int, v any) object {
	out := object{"description": http.StatusText(status)}
	switch v := v.(type) {
	case nil:
	case media:
		out["content"] = object{string(v): object{"schema": object{"type": "string"}}}
	case either:
		schemas := make([]object, len(v))
		for i, one := range v {
			schemas[i] = d.schema(reflect.TypeOf(one))
		}
		out["content"] = jsonContent(object{"anyOf": schemas})
	default:
		out["content"] = jsonContent(d.schema(reflect.TypeOf(v)))
	}
	return out
}

func jsonContent(schema object) object {
	return object{echo.MIMEApplicationJSON: object{"schema": schema}}
}

// parameters describes what stands in an address.
func (d *describer) parameters(path, query string) []object {
	list := []object{}
	for _, m := range templated.FindAllStringSubmatch(path, -1) {
		kind := reflect.TypeFor[int64]()
		if m[1] == "secret" || m[1] == "token" {
			kind = reflect.TypeFor[string]()
		}
		list = append(list, object{"name": m[1], "in": "path", "required": true, "schema": d.schema(kind)})
	}
	for name := range strings.FieldsSeq(query) {
		p := parameters[name]
		list = append(list, object{"name": name, "in": "query", "description": p.means, "schema": d.schema(reflect.TypeOf(p.kind))})
	}
	return list
}

// schema describes the JSON of a type. A struct stands among the schemas under its name.
func (d *describer) schema(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return d.schema(t.Elem())
	case t.Kind() == reflect.Struct:
		return d.named(t)
	case t.Kind() == reflect.Slice:
		return object{"type": "array", "items": d.schema(t.Elem())}
	case t.Kind() == reflect.Map:
		return object{"type": "object", "additionalProperties": d.schema(t.Elem())}
	case t.Kind() == reflect.Interface:
		return object{} // anything
	}
	kinds := map[reflect.Kind]object{
		reflect.Int64: {"type": "integer", "format": "int64"}, reflect.Int: {"type": "integer"},
		reflect.String: {"type": "string"}, reflect.Bool: {"type": "boolean"},
	}
	if kind, known := kinds[t.Kind()]; known {
		return kind
	}
	panic(fmt.Sprintf("programs cannot be told of a %s", t))
}

// named keeps the schema of a struct and refers to it: an answer by its name, what is sent as a form.
func (d *describer) named(t reflect.Type) object {
	name, answer := strings.CutSuffix(t.Name(), "JSON")
	if name = strings.ToUpper(name[:1]) + name[1:]; !answer {
		name += "Form"
	}
	if d.schemas[name] == nil {
		properties, required := object{}, map[string]bool{}
		d.schemas[name] = object{"type": "object", "properties": properties}
		d.fields(t, properties, required)
		if len(required) > 0 {
			d.schemas[name] = object{"type": "object", "properties": properties, "required": slices.Sorted(maps.Keys(required))}
		}
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// fields describes the fields of a struct. What a request may leave out, which is decided in words, and what is left out
// when it is empty, is not required.
func (d *describer) fields(t reflect.Type, properties object, required map[string]bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			d.fields(f.Type, properties, required)
			continue
		}
		properties[name] = d.schema(f.Type)
		if _, asked := f.Tag.Lookup("form"); !asked && options == "" {
			required[name] = true
		}
	}
}
