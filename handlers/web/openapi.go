package web

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"charla/chat"

	"github.com/labstack/echo/v4"
)

// Operation documents a route. The fields of its requests and responses are derived from Go types.
type Operation struct {
	Summary   string           // what the route does, in one or two sentences
	Query     string           // names of query parameters, separated by spaces; QueryParameters describes them
	OwnQuery  []QueryParameter // those of them that mean something else than on other routes
	Body      any              // a value of the type that a form or JSON body is read into, or nil
	Responses Responses
}

// Responses maps each HTTP status with which a route succeeds to its response: a value of the Go type that is sent as
// JSON, a MediaType, AnyOf, or nil for an empty body. All errors are sent as ErrorJSON.
type Responses map[int]any

// MediaType is the media type of a response that is not JSON, such as text/html.
type MediaType string

// HTML is the media type of a response that is an HTML page.
const HTML MediaType = "text/html"

// AnyOf lists the Go types of a JSON response that may have any of several types.
type AnyOf []any

// JSONObject is a JSON object with any content.
type JSONObject = map[string]any

// EventDoc documents an event that an event stream sends.
type EventDoc struct {
	Name        string
	Data        any    // a value of the type that the event carries as JSON; nil for none
	Browsers    bool   // browsers receive the event too
	Description string // one or two sentences
}

// OpenAPI returns the OpenAPI description of the routes and events, as a JSON document.
func OpenAPI(groups []RouteGroup, events []EventDoc) []byte {
	b := newOpenAPIBuilder()
	text, err := json.Marshal(b.document(groups, events))
	if err != nil {
		panic(err) // the document has only plain values
	}
	return text
}

// pathParameter is the pattern of a parameter in the path of a route, such as :id.
var pathParameter = regexp.MustCompile(`:(\w+)`)

// openAPIBuilder builds the OpenAPI description and collects the schemas of all types to which the description refers.
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
			"description": "Requests with a bearer token or a JSON body get JSON. Every failure is an Error. " +
				"Send a cookie or a token, not both.",
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
	failure := reflect.TypeFor[ErrorJSON]()
	errorContent := JSONObject{
		echo.MIMEApplicationJSON: JSONObject{"schema": b.schema(failure), "example": example(failure)},
	}
	return JSONObject{
		"securitySchemes": JSONObject{
			"session": JSONObject{"type": "apiKey", "in": "cookie", "name": CookieName(false), "description": cookie},
			"bearer":  JSONObject{"type": "http", "scheme": "bearer"},
		},
		"responses": JSONObject{"Error": JSONObject{"description": "What went wrong", "content": errorContent}},
		"schemas":   b.schemas,
	}
}

func (b *openAPIBuilder) events(events []EventDoc) JSONObject {
	out := JSONObject{}
	for _, e := range events {
		t := reflect.TypeOf(e.Data)
		out[e.Name] = JSONObject{"description": e.Description, "schema": b.schema(t), "example": example(t)}
	}
	return out
}

func (b *openAPIBuilder) operation(tag string, r Route) JSONObject {
	out := JSONObject{
		"operationId": operationID(r), "summary": r.Doc.Summary, "tags": []string{tag},
		"parameters": b.parameters(r.Path, r.Doc), "security": security(r),
	}
	if r.Doc.Body != nil {
		out["requestBody"] = b.requestBody(r)
	}
	failure := JSONObject{"$ref": "#/components/responses/Error"}
	responses := JSONObject{"4XX": failure, "5XX": failure}
	for status, value := range r.Doc.Responses {
		responses[strconv.Itoa(status)] = b.response(status, value)
	}
	out["responses"] = responses
	return out
}

// security returns the credentials with which a route may be called: one element for each alternative. A route for
// anonymous callers has none.
func security(r Route) []JSONObject {
	session, bearer := JSONObject{"session": []string{}}, JSONObject{"bearer": []string{}}
	switch {
	case r.Access == Anonymous:
		return []JSONObject{}
	case r.ProgramsOnly:
		return []JSONObject{bearer}
	case r.Doc.onlyHTML():
		return []JSONObject{session}
	}
	return []JSONObject{session, bearer}
}

// onlyHTML reports whether every response of the route that has a body is an HTML page.
func (o Operation) onlyHTML() bool {
	hasPage := false
	for _, value := range o.Responses {
		if value != nil && value != HTML {
			return false
		}
		hasPage = hasPage || value == HTML
	}
	return hasPage
}

var wordPattern = regexp.MustCompile(`\w+`)

// operationID returns a unique name for a route, made from its method and path, such as postBotsIdHooks.
func operationID(r Route) string {
	id := strings.ToLower(r.Method)
	for _, word := range wordPattern.FindAllString(r.Path, -1) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

// requestBody describes the body of a request: its fields in each media type that the route accepts. A route for
// uploads takes files in a multipart form; some also take one file as the whole body.
func (b *openAPIBuilder) requestBody(r Route) JSONObject {
	t := reflect.TypeOf(r.Doc.Body)
	content := JSONObject{}
	if r.Upload != AnyUpload {
		media := JSONObject{"schema": b.schema(t), "example": example(t)}
		content[echo.MIMEApplicationJSON], content[echo.MIMEApplicationForm] = media, media
	}
	if r.Upload != NoUpload {
		content[echo.MIMEMultipartForm] = JSONObject{"schema": b.multipartSchema(t)}
	}
	if r.Upload == AnyUpload {
		content[echo.MIMEOctetStream] = JSONObject{"schema": binarySchema}
	}
	return JSONObject{"content": content, "required": hasRequiredField(t) || r.Upload == AnyUpload}
}

// binarySchema is the schema of the content of a file. OpenAPI 3.1 does not need "format", but generators of client
// code recognize files by it.
var binarySchema = JSONObject{"type": "string", "format": "binary", "contentMediaType": echo.MIMEOctetStream}

// multipartSchema returns the schema of a multipart form: the fields of a struct, and any number of files in the field
// "file".
func (b *openAPIBuilder) multipartSchema(t reflect.Type) JSONObject {
	properties, required := JSONObject{}, map[string]bool{}
	b.addStructFields(t, properties, required)
	properties["file"] = JSONObject{"type": "array", "items": binarySchema}
	return objectSchema(properties, required)
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
	case JSONObject:
		out["content"] = jsonContent(b.schema(reflect.TypeOf(value)))
	default:
		t := reflect.TypeOf(value)
		out["content"] = JSONObject{
			echo.MIMEApplicationJSON: JSONObject{"schema": b.schema(t), "example": example(t)},
		}
	}
	return out
}

func jsonContent(schema JSONObject) JSONObject {
	return JSONObject{echo.MIMEApplicationJSON: JSONObject{"schema": schema}}
}

// parameters describes the parameters in the path and in the query of a route.
func (b *openAPIBuilder) parameters(path string, op Operation) []JSONObject {
	list := []JSONObject{}
	for _, m := range pathParameter.FindAllStringSubmatch(path, -1) {
		t := reflect.TypeFor[int64]()
		if m[1] == "secret" || m[1] == "token" {
			t = reflect.TypeFor[string]()
		}
		list = append(list, JSONObject{"name": m[1], "in": "path", "required": true, "schema": b.schema(t)})
	}
	for name := range strings.FieldsSeq(op.Query) {
		p := op.queryParameter(name)
		if p.Description == "" {
			panic("query parameter " + name + " is not documented")
		}
		schema := b.schema(reflect.TypeOf(p.Type))
		if values, ok := queryEnums[name]; ok {
			schema["enum"] = enumValues(values)
		} else if schema["type"] == "string" {
			schema["maxLength"] = p.maxLength()
		}
		list = append(list, JSONObject{
			"name": name, "in": "query", "description": p.Description, "schema": schema,
		})
	}
	return list
}
