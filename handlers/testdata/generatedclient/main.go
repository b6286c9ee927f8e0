// Command generatedclient tests the OpenAPI description with a client (package api) that oapi-codegen has generated
// from it. Its only argument is the URL of a server. It registers a user, gets a token, posts a message, reacts,
// uploads files in both possible ways, and reads the event stream. The bearer token is the only header that it sets
// itself, and the description mentions it.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"time"

	"generatedclient/api"

	"github.com/oapi-codegen/oapi-codegen/v2/pkg/securityprovider"
)

const (
	general  = int64(1) // the room of everybody
	email    = "ana@example.org"
	password = "correct horse battery"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "generatedclient:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, server string) error {
	token, err := signUp(ctx, server)
	if err != nil {
		return err
	}
	bearer, err := securityprovider.NewSecurityProviderBearerToken(token)
	if err != nil {
		return err
	}
	client, err := api.NewClientWithResponses(server, api.WithRequestEditorFn(bearer.Intercept))
	if err != nil {
		return err
	}
	events, err := follow(ctx, client)
	if err != nil {
		return err
	}
	defer events.close()
	if err := createRooms(ctx, client); err != nil {
		return err
	}
	message, err := postAndList(ctx, client)
	if err != nil {
		return err
	}
	if err := events.expect("message", message.Id); err != nil {
		return err
	}
	if err := react(ctx, client, message.Id); err != nil {
		return err
	}
	if err := events.expect("reaction", message.Id); err != nil {
		return err
	}
	files, err := upload(ctx, client)
	if err != nil {
		return err
	}
	sent, err := post(ctx, client, api.PostRequest{Room: new(general), File: &files})
	if err != nil {
		return err
	}
	if len(sent.Files) != len(files) {
		return fmt.Errorf("the message has %d files, want %d", len(sent.Files), len(files))
	}
	return events.expect("message", sent.Id)
}

// failure returns an error that says that the response to an operation is not the expected one. It includes what the
// server answered.
func failure(operation string, response *http.Response, described *api.Error) error {
	if described == nil {
		return fmt.Errorf("%s: %s (%s)", operation, response.Status, response.Header.Get("Content-Type"))
	}
	return fmt.Errorf("%s: %s: %s: %s", operation, response.Status, described.Error.Code, described.Error.Message)
}

// signUp registers a user and returns an access token. It also checks that the description covers the error for a wrong
// password.
func signUp(ctx context.Context, server string) (token string, err error) {
	client, err := api.NewClientWithResponses(server)
	if err != nil {
		return "", err
	}
	user := api.RegisterRequest{Name: "Ana", Email: email, Password: password}
	registered, err := client.PostRegisterWithResponse(ctx, user)
	if err != nil {
		return "", err
	}
	if registered.JSON201 == nil || registered.JSON201.Name != "Ana" {
		return "", failure("register", registered.HTTPResponse, registered.JSON4XX)
	}
	refused, err := client.PostTokensWithResponse(ctx, api.LoginRequest{Email: email, Password: "wrong"})
	if err != nil {
		return "", err
	}
	if refused.JSON4XX == nil || !refused.JSON4XX.Error.Code.Valid() {
		return "", failure("use a wrong password", refused.HTTPResponse, nil)
	}
	tokens, err := client.PostTokensWithResponse(ctx, api.LoginRequest{Email: email, Password: password})
	if err != nil {
		return "", err
	}
	if tokens.JSON201 == nil || tokens.JSON201.TokenType != api.Bearer {
		return "", failure("get a token", tokens.HTTPResponse, tokens.JSON4XX)
	}
	return tokens.JSON201.AccessToken, nil
}

// createRooms creates a room with a value of a generated enum. It also checks that the error for any other value names
// the allowed values.
func createRooms(ctx context.Context, client *api.ClientWithResponses) error {
	room := api.CreateRoomRequest{Name: "Design", Access: api.CreateRoomRequestAccessInvited}
	created, err := client.PostRoomsWithResponse(ctx, room)
	if err != nil {
		return err
	}
	if created.JSON201 == nil || created.JSON201.Access != api.RoomAccessInvited {
		return failure("create a room", created.HTTPResponse, created.JSON4XX)
	}
	room.Access = "secret"
	refused, err := client.PostRoomsWithResponse(ctx, room)
	if err != nil {
		return err
	}
	if refused.JSON4XX == nil || refused.JSON4XX.Error.Field != "access" ||
		!strings.Contains(refused.JSON4XX.Error.Message, "open or invited") {
		return failure("create a room with unknown access", refused.HTTPResponse, refused.JSON4XX)
	}
	return nil
}

func post(ctx context.Context, client *api.ClientWithResponses, in api.PostRequest) (api.Message, error) {
	posted, err := client.PostMessagesWithResponse(ctx, in)
	if err != nil {
		return api.Message{}, err
	}
	if posted.JSON201 == nil {
		return api.Message{}, failure("post", posted.HTTPResponse, posted.JSON4XX)
	}
	return *posted.JSON201, nil
}

// postAndList posts a message, checks that the list of messages contains it, and returns it.
func postAndList(ctx context.Context, client *api.ClientWithResponses) (api.Message, error) {
	message, err := post(ctx, client, api.PostRequest{Room: new(general), Body: new("hello"), Key: new("first")})
	if err != nil {
		return api.Message{}, err
	}
	list, err := client.GetMessagesWithResponse(ctx, &api.GetMessagesParams{Room: new(general)})
	if err != nil {
		return api.Message{}, err
	}
	if list.JSON200 == nil {
		return api.Message{}, failure("list", list.HTTPResponse, list.JSON4XX)
	}
	for _, m := range list.JSON200.Messages {
		if m.Id == message.Id && *m.Body == "hello" && m.From.Name == "Ana" && !m.PostedAt.IsZero() {
			return m, nil
		}
	}
	return api.Message{}, errors.New("the posted message is not in the list")
}

func react(ctx context.Context, client *api.ClientWithResponses, message int64) error {
	in := api.ReactionRequest{Emoji: "🎉", Mine: new(true)}
	reacted, err := client.PostMessagesIdReactionsWithResponse(ctx, message, in)
	if err != nil {
		return err
	}
	if reacted.JSON200 == nil {
		return failure("react", reacted.HTTPResponse, reacted.JSON4XX)
	}
	if r := reacted.JSON200.Reactions; len(r) != 1 || r[0].Emoji != "🎉" || r[0].Count != 1 {
		return fmt.Errorf("unexpected reactions: %v", r)
	}
	return nil
}

// upload uploads one file as the whole body and two files in a form, and returns the ids of the files.
func upload(ctx context.Context, client *api.ClientWithResponses) (ids []int64, err error) {
	params := &api.PostFilesParams{Room: new(general), Name: new("raw.txt")}
	raw, err := client.PostFilesWithBodyWithResponse(ctx, params, "application/octet-stream", strings.NewReader("one"))
	if err != nil {
		return nil, err
	}
	if raw.JSON201 == nil {
		return nil, failure("upload a body", raw.HTTPResponse, raw.JSON4XX)
	}
	file, err := raw.JSON201.AsFile()
	if err != nil || file.Name != "raw.txt" {
		return nil, fmt.Errorf("uploaded %v: %v", file, err)
	}
	contentType, body, err := form("two.txt", "three.txt")
	if err != nil {
		return nil, err
	}
	several, err := client.PostFilesWithBodyWithResponse(ctx, &api.PostFilesParams{}, contentType, body)
	if err != nil {
		return nil, err
	}
	if several.JSON201 == nil {
		return nil, failure("upload a form", several.HTTPResponse, several.JSON4XX)
	}
	files, err := several.JSON201.AsFiles()
	if err != nil || len(files.Files) != 2 {
		return nil, fmt.Errorf("uploaded %v: %v", files, err)
	}
	return []int64{file.Id, files.Files[0].Id, files.Files[1].Id}, nil
}

// form returns a multipart form that contains files with the given names for the room General.
func form(names ...string) (contentType string, body io.Reader, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	err = w.WriteField("room", fmt.Sprint(general))
	for _, name := range names {
		part, partErr := w.CreateFormFile("file", name)
		if err = errors.Join(err, partErr); err != nil {
			return "", nil, err
		}
		io.WriteString(part, name)
	}
	return w.FormDataContentType(), &b, errors.Join(err, w.Close())
}

// eventReader reads events with a name from an event stream.
type eventReader struct {
	lines *bufio.Scanner
	close func() error
}

// follow opens the event stream of the room General.
func follow(ctx context.Context, client *api.ClientWithResponses) (*eventReader, error) {
	response, err := client.GetEvents(ctx, &api.GetEventsParams{Room: new(general)})
	if err != nil {
		return nil, err
	}
	if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK ||
		kind != "text/event-stream" {
		response.Body.Close()
		return nil, failure("follow the stream", response, nil)
	}
	return &eventReader{bufio.NewScanner(response.Body), response.Body.Close}, nil
}

// expect reads events until one has the given name and is about the given message.
func (r *eventReader) expect(name string, message int64) error {
	event := ""
	for r.lines.Scan() {
		field, value, _ := strings.Cut(r.lines.Text(), ": ")
		switch {
		case field == "event":
			event = value
		case field == "data" && event == name:
			var m api.Message
			if err := json.Unmarshal([]byte(value), &m); err != nil {
				return fmt.Errorf("event %s: %w", name, err)
			}
			if m.Id == message {
				return nil
			}
		}
	}
	return fmt.Errorf("the stream ended before %s of message %d: %w", name, message, r.lines.Err())
}
