package handlers_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"charla/handlers/web"
)

var pathParameters = regexp.MustCompile(`:\w+|\*`)

// expectRefusal sends a request with a parameter that is too long. It fails the test unless the answer is a client error
// that names the parameter, or 404 for an id, and comes quickly.
func (b *client) expectRefusal(t *testing.T, field, method, path string, body io.Reader, headers ...string) {
	t.Helper()
	start := time.Now()
	a := b.withT(t).do(method, path, body, append(headers, asJSON)...)
	if took := time.Since(start); took > time.Second {
		t.Errorf("%s %.60s with a long %s took %v", method, path, field, took)
	}
	switch a.status {
	case 404, 406: // 406: only a page, which does not read the parameter for programs
	case 422:
		a.isError(422, "invalid", field)
	default:
		t.Errorf("%s %.60s with a long %s: status %d: %.200s", method, path, field, a.status, a.body)
	}
}

// multipartFields returns a form with the fields and perhaps a file, and its Content-Type header.
func multipartFields(fields map[string]string, withFile bool) (io.Reader, string) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name, value := range fields {
		form.WriteField(name, value)
	}
	if withFile {
		file, _ := form.CreateFormFile("file", "notes.txt")
		io.WriteString(file, "notes")
	}
	form.Close()
	return &b, "Content-Type: " + form.FormDataContentType()
}

// bodyFields returns the names of the fields of a request body except booleans, and whether each is an array in JSON.
func bodyFields(body any) map[string]bool {
	fields := map[string]bool{}
	for f := range reflect.TypeOf(body).Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); f.Tag.Get("form") != "-" && f.Type.Kind() != reflect.Bool {
			fields[name] = f.Type.Kind() == reflect.Slice
		}
	}
	return fields
}

// TestAllParametersHaveAMaximumLength walks all routes and sends a text that is far too long in each parameter of the
// path, the query, a form, a multipart form and JSON.
func TestAllParametersHaveAMaximumLength(t *testing.T) {
	skipWalkIfShort(t)
	t.Parallel()
	s := openSQLite(t, withMedia)
	ana := s.newUser("Ana")
	f, hook := ana.upload("notes.txt", "notes"), requestURI(ana.createWebhook(ana.createBot("Builder"), 1).URL)
	for _, r := range s.handler.RouteTable() {
		t.Run(r.Label(), func(t *testing.T) {
			path := strings.Replace(r.Path, "/files/:id", f.URL, 1)
			path = pathParameters.ReplaceAllString(strings.Replace(path, "/hooks/:secret", hook, 1), "1")
			long := strings.Repeat("9", 50_000)
			for _, parameter := range pathParameters.FindAllString(r.Path, -1) {
				other := strings.Replace(r.Path, parameter, long, 1)
				ana.expectRefusal(t, parameter, r.Method, pathParameters.ReplaceAllString(other, "1"), nil)
			}
			for name := range strings.FieldsSeq(r.Doc.Query) {
				if r.Stream == web.EventStream && name == "after" {
					continue // a wrong cursor is answered with resync
				}
				query := url.Values{name: {long}}
				if name != "with" && name != "room" {
					query.Set("room", "1")
				}
				ana.expectRefusal(t, name, r.Method, path+"?"+query.Encode(), strings.NewReader("x"))
			}
			if r.Doc.Body == nil {
				return
			}
			long = strings.Repeat("9", 160_000)
			for name, isList := range bodyFields(r.Doc.Body) {
				fields := map[string]string{name: long}
				if name != "with" && name != "room" {
					fields["room"] = "1"
				}
				body, kind := multipartFields(fields, r.Upload == web.AnyUpload)
				ana.expectRefusal(t, name, r.Method, path, body, kind)
				if r.Upload == web.AnyUpload {
					continue // any other body is a file
				}
				form, object := url.Values{}, map[string]any{}
				for name, value := range fields {
					form.Set(name, value)
					object[name] = value
				}
				if isList {
					object[name] = []string{long}
				}
				encoded, _ := json.Marshal(object)
				ana.expectRefusal(t, name, r.Method, path, bytes.NewReader(encoded), inJSON)
				if !strings.HasPrefix(r.Path, "/hooks/") { // there, such a form is the text itself
					ana.expectRefusal(t, name, r.Method, path, strings.NewReader(form.Encode()), inForm)
				}
			}
		})
	}
}

// Parameters that are not in the route table have a maximum length too.
func TestOtherParametersHaveAMaximumLength(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana := s.newUser("Ana")
	m, f := ana.sendMessage("room=1", "x"), ana.upload("notes.txt", "notes")
	hook := requestURI(ana.createWebhook(ana.createBot("Builder"), 1).URL)
	long, longest := strings.Repeat("é", 20_000), strings.Repeat("é", 60_000)
	for _, path := range []string{"/messages?room=1&typo=", "/settings?saved=", "/chat?gone=", "/login?x="} {
		name := path[strings.LastIndexAny(path, "?&")+1 : len(path)-1]
		ana.expectRefusal(t, name, http.MethodGet, path+long, nil)
	}
	ana.expectRefusal(t, "alt", "POST", f.URL, strings.NewReader("alt-"+formatID(f.ID)+"="+longest), inForm)
	ana.expectRefusal(t, "alt", "POST", m.path()+"/edit", strings.NewReader("alt-1="+longest), inForm)
	ana.expectRefusal(t, "files", "PUT", m.path(), strings.NewReader(`{"files":[{"id":1,"alt":"`+longest+`"}]}`), inJSON)
	ana.expectRefusal(t, "key", "POST", hook, strings.NewReader("x"), "Idempotency-Key: "+long[:40_000])
	ana.expectRefusal(t, "body", "POST", hook, strings.NewReader(strings.Repeat(":tada:", 80_000)))
	ana.expectRefusal(t, "body", "POST", "/messages", strings.NewReader("room=1&body="+strings.Repeat(":t:", 49_000)), inForm)
	name := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + longest + "\"\r\n\r\nx\r\n--b--\r\n"
	ana.expectRefusal(t, "file", "POST", "/files?room=1", strings.NewReader(name),
		"Content-Type: multipart/form-data; boundary=b")
	start := time.Now()
	for _, header := range []string{
		"Accept: " + strings.Repeat("a/b,", 15_000) + "text/html", "Accept-Language: " + strings.Repeat("en-US,", 10_000),
		"Accept-Encoding: " + strings.Repeat("br,", 20_000), "If-None-Match: " + strings.Repeat(`"x",`, 15_000),
		"Last-Event-ID: " + long, "User-Agent: " + long, "X-Forwarded-For: " + strings.Repeat("10.0.0.1,", 7_000),
		"HX-Current-URL: /" + long, "Range: bytes=" + strings.Repeat("0-1,", 15_000), "Cookie: " + strings.Repeat("a=b; ", 2_000),
	} {
		ana.get(f.URL, header).is(200)
		ana.get("/login", header).is(303)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("long headers took %v", took)
	}
}
