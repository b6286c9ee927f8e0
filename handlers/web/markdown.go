package web

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"charla/chat"
)

// RoutesMarkdown returns the documentation of the routes as Markdown, with a table for each group of routes.
func RoutesMarkdown(groups []RouteGroup) string {
	var b strings.Builder
	for _, group := range groups {
		fmt.Fprintf(&b, "## %s\n\n| Route | Who | Fields | Answers | |\n|---|---|---|---|---|\n", group.Name)
		for _, r := range group.Routes {
			b.WriteString(tableRow("`"+r.Label()+"`", callers(r), fieldNames(r),
				responseNames(r.Doc.Responses), r.Doc.Summary))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// callers returns who may call a route, for a table. If settings of the community say who may, it names the defaults.
func callers(r Route) string {
	if r.Access == Anonymous {
		return "everybody"
	}
	if r.Action == "" {
		return "members"
	}
	p := chat.DefaultPermission(r.Action)
	if p.IsRoomAction() {
		return fmt.Sprintf("%ss of the room", p.Room)
	}
	return fmt.Sprintf("%ss", p.Community)
}

// fieldNames returns the names of a route's query parameters and of the fields in the request body, for a table.
func fieldNames(r Route) string {
	names := strings.Fields(r.Doc.Query)
	if r.Doc.Body != nil {
		names = append(names, structFieldNames(reflect.TypeOf(r.Doc.Body))...)
	}
	if r.Upload != NoUpload {
		names = append(names, "file")
	}
	seen := map[string]bool{}
	names = slices.DeleteFunc(names, func(name string) bool {
		defer func() { seen[name] = true }()
		return seen[name]
	})
	return codeList(names)
}

func structFieldNames(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		name := jsonName(f)
		if f.Anonymous && name == "" {
			names = append(names, structFieldNames(f.Type)...)
		} else {
			names = append(names, name)
		}
	}
	return names
}

// maxEventFields is how many fields of an event the documentation lists at most. If an event has more, it shows the
// name of the event's type instead.
const maxEventFields = 6

func dataNames(t reflect.Type) string {
	names := structFieldNames(t)
	if len(names) > maxEventFields {
		return schemaName(t)
	}
	return codeList(names)
}

// tableRow returns a row of a Markdown table.
func tableRow(cells ...string) string {
	return strings.ReplaceAll("| "+strings.Join(cells, " | ")+" |\n", "|  |", "| |")
}

func codeList(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "` `") + "`"
}

// responseNames returns the HTTP statuses with which a route succeeds, and the type of the response for each.
func responseNames(responses Responses) string {
	var list []string
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		name := fmt.Sprint(status)
		switch value := responses[status].(type) {
		case nil:
		case MediaType:
			name += " " + string(value)
		case AnyOf:
			var types []string
			for _, v := range value {
				types = append(types, schemaName(reflect.TypeOf(v)))
			}
			name += " " + strings.Join(types, " or ")
		case JSONObject:
			name += " JSON"
		default:
			name += " " + schemaName(reflect.TypeOf(value))
		}
		list = append(list, name)
	}
	return strings.Join(list, ", ")
}

// QueryMarkdown returns a Markdown table of all query parameters.
func QueryMarkdown() string {
	var b strings.Builder
	b.WriteString("| Parameter | |\n|---|---|\n")
	for _, p := range QueryParameters {
		fmt.Fprintf(&b, "| `%s` | %s |\n", p.Name, p.Description)
	}
	return b.String()
}

// ErrorsMarkdown returns a Markdown table of the error codes and their HTTP statuses.
func ErrorsMarkdown() string {
	var b strings.Builder
	b.WriteString("| Code | Status | |\n|---|---|---|\n")
	for _, e := range ErrorDocs {
		fmt.Fprintf(&b, "| `%s` | %d %s | %s |\n", e.Code, e.Status, http.StatusText(e.Status), e.Description)
	}
	return b.String()
}

// EventsMarkdown returns a Markdown table of events. If browsers is true, it contains the events that both browsers and
// programs receive, otherwise those that only programs receive.
func EventsMarkdown(events []EventDoc, browsers bool) string {
	var b strings.Builder
	b.WriteString("| Event | Data | |\n|---|---|---|\n")
	for _, e := range events {
		if e.Browsers == browsers {
			b.WriteString(tableRow("`"+e.Name+"`", dataNames(reflect.TypeOf(e.Data)), e.Description))
		}
	}
	return b.String()
}
