package handlers

import (
	"charla/handlers/stream"
	"charla/handlers/web"
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

	"charla/chat"

	"github.com/labstack/echo/v4"
)

// Operation describes a route to programs. What it takes and answers is told by the Go types that it reads and writes.
type Operation struct {
	Summary   string // in one line
	Query     string // the names of what stands in the address, see parameters
	Body      any    // the body, as a form or JSON, or parts; nil for none
	Responses Responses
}

// Responses are the successes of an operation, by status: a value of the type that is written as JSON, a media type for what
// is none, or nil for nothing. Every failure is an Error.
type Responses map[int]any

// MediaType is the type of an answer that is no JSON.
type MediaType string

// MultipartFields is a body in parts: files, and fields before them by their names.
type MultipartFields []string

// AnyOf is an answer of one of several types.
type AnyOf []any

// jsonObject is a part of the description.
type jsonObject = map[string]any

// openAPI answers the description of every route, made once.
func (s *Server) openAPI(c echo.Context) error {
	return c.JSONBlob(http.StatusOK, s.openAPIDocument())
}

func (s *Server) buildOpenAPI() []byte {
	d := &openAPIBuilder{schemas: jsonObject{}}
	paths := jsonObject{}
	for _, r := range s.routes() {
		o, described := routeDocs[r.Method+" "+r.Path]
		if !described {
			continue // a test tells
		}
		path := pathParameter.ReplaceAllString(r.Path, "{$1}")
		methods, _ := paths[path].(jsonObject)
		if methods == nil {
			methods = jsonObject{}
			paths[path] = methods
		}
		methods[strings.ToLower(r.Method)] = d.operation(r, o)
	}
	text, err := json.Marshal(d.document(paths))
	if err != nil {
		panic(err) // plain values
	}
	return text
}

// pathParameter writes the parameters of a path as OpenAPI does.
var pathParameter = regexp.MustCompile(`:(\w+)`)

// openAPIBuilder collects the schemas of the types that it meets.
type openAPIBuilder struct{ schemas jsonObject }

func (d *openAPIBuilder) document(paths jsonObject) jsonObject {
	return jsonObject{
		"openapi": "3.1.0",
		"info": jsonObject{
			"title": "Charla", "version": chat.Version, "license": jsonObject{"name": "MIT", "identifier": "MIT"},
			"description": "Ask for application/json and every address answers JSON. Every failure has the one form of an Error.",
		},
		"servers":  []jsonObject{{"url": "/"}}, // the one that this came from
		"paths":    paths,
		"security": []jsonObject{{"session": []string{}}, {"bearer": []string{}}},
		"components": jsonObject{
			"securitySchemes": jsonObject{
				"session": jsonObject{"type": "apiKey", "in": "cookie", "name": web.CookieName(false), "description": "The cookie that a log-in sets; over https its name is " + web.CookieName(true) + "."},
				"bearer":  jsonObject{"type": "http", "scheme": "bearer"},
			},
			"responses": jsonObject{"Error": jsonObject{"description": "What was wrong", "content": jsonContent(d.schema(reflect.TypeFor[web.ErrorJSON]()))}},
			"schemas":   d.schemas,
		},
		"x-events": d.events(),
	}
}

// events describes what a stream for programs brings, by the names of the events.
func (d *openAPIBuilder) events() jsonObject {
	out := jsonObject{}
	for name, e := range stream.Docs {
		out[name] = jsonObject{"description": e.Description, "schema": d.schema(reflect.TypeOf(e.Data))}
	}
	return out
}

func (d *openAPIBuilder) operation(r web.Route, o Operation) jsonObject {
	out := jsonObject{"operationId": operationID(r), "summary": o.Summary, "parameters": d.parameters(r.Path, o.Query)}
	if o.Body != nil {
		out["requestBody"] = jsonObject{"content": d.requestBody(o.Body)}
	}
	if r.Access == web.Anonymous {
		out["security"] = []jsonObject{}
	}
	failed := jsonObject{"$ref": "#/components/responses/Error"}
	responses := jsonObject{"4XX": failed, "5XX": failed}
	for status, v := range o.Responses {
		responses[strconv.Itoa(status)] = d.response(status, v)
	}
	out["responses"] = responses
	return out
}

var wordPattern = regexp.MustCompile(`\w+`)

// operationID names an operation after its address: postBotsIdHooks.
func operationID(r web.Route) string {
	id := strings.ToLower(r.Method)
	for _, word := range wordPattern.FindAllString(r.Path, -1) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

func (d *openAPIBuilder) requestBody(takes any) jsonObject {
	fields, inParts := takes.(MultipartFields)
	if !inParts {
		body := jsonObject{"schema": d.schema(reflect.TypeOf(takes))}
		return jsonObject{echo.MIMEApplicationJSON: body, echo.MIMEApplicationForm: body}
	}
	properties := jsonObject{"file": jsonObject{"type": "string", "contentMediaType": echo.MIMEOctetStream}}
	for _, name := range fields {
		properties[name] = jsonObject{"type": "string"}
	}
	return jsonObject{echo.MIMEMultipartForm: jsonObject{"schema": jsonObject{"type": "object", "properties": properties}}}
}

func (d *openAPIBuilder) response(status int, v any) jsonObject {
	out := jsonObject{"description": http.StatusText(status)}
	switch v := v.(type) {
	case nil:
	case MediaType:
		out["content"] = jsonObject{string(v): jsonObject{"schema": jsonObject{"type": "string"}}}
	case AnyOf:
		schemas := make([]jsonObject, len(v))
		for i, one := range v {
			schemas[i] = d.schema(reflect.TypeOf(one))
		}
		out["content"] = jsonContent(jsonObject{"anyOf": schemas})
	default:
		out["content"] = jsonContent(d.schema(reflect.TypeOf(v)))
	}
	return out
}

func jsonContent(schema jsonObject) jsonObject {
	return jsonObject{echo.MIMEApplicationJSON: jsonObject{"schema": schema}}
}

// queryParameters describes what stands in an address.
func (d *openAPIBuilder) parameters(path, query string) []jsonObject {
	list := []jsonObject{}
	for _, m := range pathParameter.FindAllStringSubmatch(path, -1) {
		kind := reflect.TypeFor[int64]()
		if m[1] == "secret" || m[1] == "token" {
			kind = reflect.TypeFor[string]()
		}
		list = append(list, jsonObject{"name": m[1], "in": "path", "required": true, "schema": d.schema(kind)})
	}
	for name := range strings.FieldsSeq(query) {
		p := queryParameters[name]
		list = append(list, jsonObject{"name": name, "in": "query", "description": p.means, "schema": d.schema(reflect.TypeOf(p.kind))})
	}
	return list
}

// schema describes the JSON of a type. A struct stands among the schemas under its name.
func (d *openAPIBuilder) schema(t reflect.Type) jsonObject {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return jsonObject{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return d.schema(t.Elem())
	case t.Kind() == reflect.Struct:
		return d.structSchema(t)
	case t.Kind() == reflect.Slice:
		return jsonObject{"type": "array", "items": d.schema(t.Elem())}
	case t.Kind() == reflect.Map:
		return jsonObject{"type": "object", "additionalProperties": d.schema(t.Elem())}
	case t.Kind() == reflect.Interface:
		return jsonObject{} // anything
	}
	kinds := map[reflect.Kind]jsonObject{
		reflect.Int64: {"type": "integer", "format": "int64"}, reflect.Int: {"type": "integer"},
		reflect.String: {"type": "string"}, reflect.Bool: {"type": "boolean"},
	}
	if kind, known := kinds[t.Kind()]; known {
		return kind
	}
	panic(fmt.Sprintf("programs cannot be told of a %s", t))
}

// structSchema keeps the schema of a struct and refers to it: an answer by its name, what is sent as a form.
func (d *openAPIBuilder) structSchema(t reflect.Type) jsonObject {
	name, answer := strings.CutSuffix(t.Name(), "JSON")
	if name = strings.ToUpper(name[:1]) + name[1:]; !answer {
		name += "Form"
	}
	if d.schemas[name] == nil {
		properties, required := jsonObject{}, map[string]bool{}
		d.schemas[name] = jsonObject{"type": "object", "properties": properties}
		d.addStructFields(t, properties, required)
		if len(required) > 0 {
			d.schemas[name] = jsonObject{"type": "object", "properties": properties, "required": slices.Sorted(maps.Keys(required))}
		}
	}
	return jsonObject{"$ref": "#/components/schemas/" + name}
}

// addStructFields describes the fields of a struct. What a request may leave out, which is decided in words, and what is left out
// when it is empty, is not required.
func (d *openAPIBuilder) addStructFields(t reflect.Type, properties jsonObject, required map[string]bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			d.addStructFields(f.Type, properties, required)
			continue
		}
		properties[name] = d.schema(f.Type)
		if _, asked := f.Tag.Lookup("form"); !asked && options == "" {
			required[name] = true
		}
	}
}
