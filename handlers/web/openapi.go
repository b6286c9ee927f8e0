package web

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

	"charla/chat"

	"github.com/labstack/echo/v4"
)

// Operation documents a route. The fields of requests and responses are read from the Go types.
type Operation struct {
	Summary   string // what the route does, in one or two sentences
	Query     string // names of query parameters, separated by spaces; QueryParameters describes them
	Body      any    // a value of the type that a form or JSON body is read into, MultipartFields, or nil
	Responses Responses
}

// Responses are the successful responses of a route by status: a value of the type that is written as JSON, a
// MediaType, AnyOf, or nil for an empty body. Every failure is an ErrorJSON.
type Responses map[int]any

// MediaType is the media type of a response that is not JSON.
type MediaType string

// HTML is the media type of pages.
const HTML MediaType = "text/html"

// MultipartFields are the text fields of a multipart form that also has files.
type MultipartFields []string

// AnyOf is a JSON response of one of several types.
type AnyOf []any

// JSONObject is a JSON object of any content.
type JSONObject = map[string]any

// EventDoc documents an event of the stream.
type EventDoc struct {
	Name        string
	Data        any    // a value of the type that the event carries as JSON; nil for none
	Browsers    bool   // browsers receive the event too
	Description string // one or two sentences
}

// OpenAPI returns the OpenAPI description of the routes and events as JSON.
func OpenAPI(groups []RouteGroup, events []EventDoc) []byte {
	b := newOpenAPIBuilder()
	text, err := json.Marshal(b.document(groups, events))
	if err != nil {
		panic(err) // the document has only plain values
	}
	return text
}

// pathParameter matches a parameter in the path of a route.
var pathParameter = regexp.MustCompile(`:(\w+)`)

// openAPIBuilder collects the schemas of the types that it meets.
type openAPIBuilder struct {
	schemas JSONObject
}

func newOpenAPIBuilder() *openAPIBuilder { return &openAPIBuilder{schemas: JSONObject{}} }

func (b *openAPIBuilder) document(groups []RouteGroup, events []EventDoc) JSONObject {
	paths, tags := JSONObject{}, []JSONObject{}
	for _, group := range groups {
		tags = append(tags, JSONObject{"name": group.Name})
		for _, r := range group.Routes {
			path := pathParameter.ReplaceAllString(r.Path, "{$1}")
			methods, ok := paths[path].(JSONObject)
			if !ok {
				methods = JSONObject{}
				paths[path] = methods
			}
			methods[strings.ToLower(r.Method)] = b.operation(group.Name, r)
		}
	}
	return JSONObject{
		"openapi": "3.1.0",
		"info": JSONObject{
			"title": "Charla", "version": chat.Version, "license": JSONObject{"name": "MIT", "identifier": "MIT"},
			"description": "Requests with a bearer token or a JSON body get JSON. Every failure is an Error.",
		},
		"servers":    []JSONObject{{"url": "/"}},
		"tags":       tags,
		"paths":      paths,
		"security":   []JSONObject{{"session": []string{}}, {"bearer": []string{}}},
		"components": b.components(),
		"x-events":   b.events(events),
	}
}

func (b *openAPIBuilder) components() JSONObject {
	cookie := "The cookie that a log-in sets. Over https its name is " + CookieName(true) + "."
	errorSchema := jsonContent(b.schema(reflect.TypeFor[ErrorJSON]()))
	return JSONObject{
		"securitySchemes": JSONObject{
			"session": JSONObject{"type": "apiKey", "in": "cookie", "name": CookieName(false), "description": cookie},
			"bearer":  JSONObject{"type": "http", "scheme": "bearer"},
		},
		"responses": JSONObject{"Error": JSONObject{"description": "What went wrong", "content": errorSchema}},
		"schemas":   b.schemas,
	}
}

func (b *openAPIBuilder) events(events []EventDoc) JSONObject {
	out := JSONObject{}
	for _, e := range events {
		out[e.Name] = JSONObject{"description": e.Description, "schema": b.schema(reflect.TypeOf(e.Data))}
	}
	return out
}

func (b *openAPIBuilder) operation(tag string, r Route) JSONObject {
	out := JSONObject{
		"operationId": operationID(r), "summary": r.Doc.Summary, "tags": []string{tag},
		"parameters": b.parameters(r.Path, r.Doc.Query),
	}
	if r.Doc.Body != nil {
		out["requestBody"] = JSONObject{"content": b.requestBody(r.Doc.Body)}
	}
	if r.Access == Anonymous {
		out["security"] = []JSONObject{}
	}
	failure := JSONObject{"$ref": "#/components/responses/Error"}
	responses := JSONObject{"4XX": failure, "5XX": failure}
	for status, value := range r.Doc.Responses {
		responses[strconv.Itoa(status)] = b.response(status, value)
	}
	out["responses"] = responses
	return out
}

var wordPattern = regexp.MustCompile(`\w+`)

// operationID names a route after its method and path, such as postBotsIdHooks.
func operationID(r Route) string {
	id := strings.ToLower(r.Method)
	for _, word := range wordPattern.FindAllString(r.Path, -1) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

func (b *openAPIBuilder) requestBody(body any) JSONObject {
	fields, multipart := body.(MultipartFields)
	if !multipart {
		content := JSONObject{"schema": b.schema(reflect.TypeOf(body))}
		return JSONObject{echo.MIMEApplicationJSON: content, echo.MIMEApplicationForm: content}
	}
	properties := JSONObject{"file": JSONObject{"type": "string", "contentMediaType": echo.MIMEOctetStream}}
	for _, name := range fields {
		properties[name] = JSONObject{"type": "string"}
	}
	schema := JSONObject{"type": "object", "properties": properties}
	return JSONObject{echo.MIMEMultipartForm: JSONObject{"schema": schema}}
}

func (b *openAPIBuilder) response(status int, value any) JSONObject {
	out := JSONObject{"description": http.StatusText(status)}
	switch value := value.(type) {
	case nil:
	case MediaType:
		out["content"] = JSONObject{string(value): JSONObject{"schema": JSONObject{"type": "string"}}}
	case AnyOf:
		schemas := make([]JSONObject, len(value))
		for i, v := range value {
			schemas[i] = b.schema(reflect.TypeOf(v))
		}
		out["content"] = jsonContent(JSONObject{"anyOf": schemas})
	default:
		out["content"] = jsonContent(b.schema(reflect.TypeOf(value)))
	}
	return out
}

func jsonContent(schema JSONObject) JSONObject {
	return JSONObject{echo.MIMEApplicationJSON: JSONObject{"schema": schema}}
}

// parameters describes the parameters in the path and in the query.
func (b *openAPIBuilder) parameters(path, query string) []JSONObject {
	list := []JSONObject{}
	for _, m := range pathParameter.FindAllStringSubmatch(path, -1) {
		t := reflect.TypeFor[int64]()
		if m[1] == "secret" || m[1] == "token" {
			t = reflect.TypeFor[string]()
		}
		list = append(list, JSONObject{"name": m[1], "in": "path", "required": true, "schema": b.schema(t)})
	}
	for name := range strings.FieldsSeq(query) {
		p := queryParameter(name)
		list = append(list, JSONObject{
			"name": name, "in": "query", "description": p.Description, "schema": b.schema(reflect.TypeOf(p.Type)),
		})
	}
	return list
}

var plainSchemas = map[reflect.Kind]JSONObject{
	reflect.Int64:  {"type": "integer", "format": "int64"},
	reflect.Int:    {"type": "integer"},
	reflect.String: {"type": "string"},
	reflect.Bool:   {"type": "boolean"},
}

// schema returns the JSON schema of a type. The schema of a struct is a reference to one of the collected schemas.
func (b *openAPIBuilder) schema(t reflect.Type) JSONObject {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return JSONObject{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return b.schema(t.Elem())
	case t.Kind() == reflect.Struct:
		return b.structSchema(t)
	case t.Kind() == reflect.Slice:
		return JSONObject{"type": "array", "items": b.schema(t.Elem())}
	case t.Kind() == reflect.Map:
		return JSONObject{"type": "object", "additionalProperties": b.schema(t.Elem())}
	case t.Kind() == reflect.Interface:
		return JSONObject{} // any value
	}
	if schema, ok := plainSchemas[t.Kind()]; ok {
		return schema
	}
	panic(fmt.Sprintf("no JSON schema for %s", t))
}

// schemaName returns the name of a struct in the description: its Go name without the suffix JSON.
func schemaName(t reflect.Type) string {
	name := strings.TrimSuffix(t.Name(), "JSON")
	return strings.ToUpper(name[:1]) + name[1:]
}

// structSchema collects the schema of a struct and returns a reference to it.
func (b *openAPIBuilder) structSchema(t reflect.Type) JSONObject {
	name := schemaName(t)
	if b.schemas[name] == nil {
		b.schemas[name] = JSONObject{} // a type may contain itself
		properties, required := JSONObject{}, map[string]bool{}
		b.addStructFields(t, properties, required)
		schema := JSONObject{"type": "object", "properties": properties}
		if len(required) > 0 {
			schema["required"] = slices.Sorted(maps.Keys(required))
		}
		b.schemas[name] = schema
	}
	return JSONObject{"$ref": "#/components/schemas/" + name}
}

// addStructFields describes the fields of a struct. The fields of requests are never required here, because a handler
// answers with an error message if one is missing; neither are fields that are omitted when they are empty.
func (b *openAPIBuilder) addStructFields(t reflect.Type, properties JSONObject, required map[string]bool) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			b.addStructFields(f.Type, properties, required)
			continue
		}
		properties[name] = b.schema(f.Type)
		if _, isRequest := f.Tag.Lookup("form"); !isRequest && options == "" {
			required[name] = true
		}
	}
}
