package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"charla/chat"
)

// The tags of a struct field say what its Go type does not:
//
//	required:"true"  a request without the field is refused
//	enum:"open,invited"  the allowed values
//	max:"4096"  the maximum length of a text in characters, if it is not defaultMaxLength
//	example:"Design"  examples include the field with this value; example:"" takes it from exampleTexts
//
// In responses, a field is required unless it is omitted when it is empty.

var plainTypes = map[reflect.Kind]string{
	reflect.Int64: "integer", reflect.Int: "integer", reflect.String: "string", reflect.Bool: "boolean",
}

// schema returns the JSON schema of a Go type. For a struct it returns a reference, and adds the struct's own schema to
// b.schemas.
func (b *openAPIBuilder) schema(t reflect.Type) JSONObject {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return JSONObject{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[chat.Code]():
		return JSONObject{"type": "string", "enum": errorCodes()}
	case t.Kind() == reflect.Int64:
		return JSONObject{"type": "integer", "format": "int64"}
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
	if name, ok := plainTypes[t.Kind()]; ok {
		return JSONObject{"type": name}
	}
	panic(fmt.Sprintf("no JSON schema for %s", t))
}

// errorCodes returns all error codes of JSON responses.
func errorCodes() []string {
	codes := make([]string, len(ErrorDocs))
	for i, doc := range ErrorDocs {
		codes[i] = string(doc.Code)
	}
	return codes
}

// schemaName returns the name of a struct in the OpenAPI description: its name in Go without the suffix JSON.
func schemaName(t reflect.Type) string {
	name := strings.TrimSuffix(t.Name(), "JSON")
	return strings.ToUpper(name[:1]) + name[1:]
}

// structSchema returns a reference to the schema of a struct. When it is called first for the struct, it adds the
// schema to b.schemas.
func (b *openAPIBuilder) structSchema(t reflect.Type) JSONObject {
	name := schemaName(t)
	if b.schemas[name] == nil {
		b.schemas[name] = JSONObject{} // a type may contain itself
		properties, required := JSONObject{}, map[string]bool{}
		b.addStructFields(t, properties, required)
		b.schemas[name] = objectSchema(properties, required)
	}
	return JSONObject{"$ref": "#/components/schemas/" + name}
}

func objectSchema(properties JSONObject, required map[string]bool) JSONObject {
	schema := JSONObject{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = slices.Sorted(maps.Keys(required))
	}
	return schema
}

// addStructFields adds the schemas of the fields of the struct t to properties. In required it sets the names of the
// fields that JSON must contain to true.
func (b *openAPIBuilder) addStructFields(t reflect.Type, properties JSONObject, required map[string]bool) {
	for f := range t.Fields() {
		name := jsonName(f)
		if f.Anonymous && name == "" {
			b.addStructFields(f.Type, properties, required)
			continue
		}
		schema := b.schema(f.Type)
		if values, ok := f.Tag.Lookup("enum"); ok {
			schema["enum"] = enumValues(values)
		}
		if isText(f) {
			schema["maxLength"] = maxLength(f)
		}
		properties[name] = schema
		if isRequired(f) {
			required[name] = true
		}
	}
}

// jsonName returns the name that a struct field has in JSON, or "" for an embedded struct, whose fields JSON contains
// directly.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func isRequired(f reflect.StructField) bool {
	if _, isRequest := f.Tag.Lookup("form"); isRequest {
		return f.Tag.Get("required") == "true"
	}
	_, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	return options == ""
}

func hasRequiredField(t reflect.Type) bool {
	for f := range t.Fields() {
		if f.Anonymous && jsonName(f) == "" && hasRequiredField(f.Type) || jsonName(f) != "" && isRequired(f) {
			return true
		}
	}
	return false
}

// enumValues returns the values that an enum tag lists. A value may be empty.
func enumValues(tag string) []string { return strings.Split(tag, ",") }

// example returns an example of a struct as JSON. It contains the required fields and the fields with an example tag.
func example(t reflect.Type) JSONObject {
	out := JSONObject{}
	addExamples(t, out)
	return out
}

func addExamples(t reflect.Type, out JSONObject) {
	for f := range t.Fields() {
		name := jsonName(f)
		text, chosen := f.Tag.Lookup("example")
		switch {
		case f.Anonymous && name == "":
			addExamples(f.Type, out)
		case text != "":
			out[name] = parseExample(f.Type, text)
		case chosen || isRequired(f):
			out[name] = fieldExample(f.Type, name, f.Tag.Get("enum"))
		}
	}
}

// parseExample returns the value of an example tag for a field of type t. The tag contains JSON, except for a string
// field, for which it contains the string without quotes.
func parseExample(t reflect.Type, text string) (value any) {
	if t.Kind() == reflect.Pointer {
		return parseExample(t.Elem(), text)
	}
	if t.Kind() == reflect.String {
		return text
	}
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		panic(fmt.Sprintf("example %s: %v", text, err))
	}
	return value
}

// fieldExample returns an example value for a field with the given type, name and enum tag. With an enum tag it returns
// the last allowed value.
func fieldExample(t reflect.Type, name, enum string) any {
	switch {
	case enum != "":
		return enum[strings.LastIndex(enum, ",")+1:]
	case t == reflect.TypeFor[chat.Code]():
		return chat.Invalid
	case t == reflect.TypeFor[time.Time]():
		return "2026-03-14T15:09:26Z"
	case t.Kind() == reflect.Pointer:
		return fieldExample(t.Elem(), name, enum)
	case t.Kind() == reflect.Slice:
		return []any{fieldExample(t.Elem(), name, enum)}
	case t.Kind() == reflect.Struct:
		return example(t)
	case t.Kind() == reflect.Bool:
		return true
	case t.Kind() != reflect.String:
		return 3
	}
	text, ok := exampleTexts[name]
	if !ok {
		panic("no example for the field " + name)
	}
	return text
}

// exampleTexts maps the name of a field to an example of its value. A name has the same meaning in all structs.
var exampleTexts = map[string]string{
	"access_token":  "eyJhY2Nlc3MiOjN9.c2lnbmF0dXJl",
	"address":       "203.0.113.7",
	"alt":           "Two people at a lake",
	"body":          "Good morning!",
	"current":       "correct horse battery",
	"domains":       "example.org",
	"email":         "ana@example.org",
	"emoji":         "🎉",
	"field":         "body",
	"html":          "<p>Good morning!</p>",
	"key":           "0b6f3c1e",
	"message":       "Write a message.",
	"name":          "Ana",
	"handle":        "ana",
	"openapi":       "/openapi.json",
	"password":      "correct horse battery",
	"reason":        "I play chess, too.",
	"refresh_token": "cmVmcmVzaCBtZQ",
	"replaced":      "Good mor",
	"shortcodes":    "tada",
	"token":         "Ym90IHRva2Vu",
	"topic":         "ana-charla",
	"type":          "image/webp",
	"url":           "/files/3",
	"user_agent":    "Mozilla/5.0",
	"welcome":       "Welcome to our chess club!",
}
