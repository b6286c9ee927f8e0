package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// firefox is a Firefox controlled by WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi), which has commands with
// numbered responses, and events. Events are read while a response is awaited, so one goroutine is enough.
type firefox struct {
	browserErrors
	conn   *websocket.Conn
	lastID int // id of the last command
}

// firefoxPreferences tell Firefox that there is a mouse; without a screen it assumes that there is none.
const firefoxPreferences = `
user_pref("ui.primaryPointerCapabilities", 6);
user_pref("ui.allPointerCapabilities", 6);
user_pref("intl.accept_languages", "en");
`

var bidiAddress = regexp.MustCompile(`WebDriver BiDi listening on (ws://\S+)`)

// startFirefox starts a Firefox for a test. Errors that it reports fail the test.
func startFirefox(t *testing.T) *firefox {
	t.Helper()
	home, program := t.TempDir(), findFirefox(t)
	if err := os.WriteFile(filepath.Join(home, "user.js"), []byte(firefoxPreferences), 0o600); err != nil {
		t.Fatal(err)
	}
	const origin = "http://127.0.0.1"
	var said outputBuffer
	cmd := exec.Command(program, "--headless", "--profile", home, "--remote-debugging-port=0",
		"--remote-allow-origins="+origin)
	cmd.Env = append(os.Environ(), "HOME="+home)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f := &firefox{browserErrors: browserErrors{T: t, browser: "Firefox"}}
	f.allowErrors(streamErrors)
	t.Cleanup(func() { f.close(cmd) })
	var address string
	waitUntil(t, "Firefox listens", func() (bool, string) {
		found := bidiAddress.FindStringSubmatch(said.String())
		if found != nil {
			address = found[1]
		}
		return found != nil, said.String()
	})
	var err error
	if f.conn, err = websocket.Dial(address+"/session", "", origin); err != nil {
		t.Fatal(err)
	}
	f.mustCall("session.new", params{"capabilities": params{}}, nil)
	f.mustCall("session.subscribe", params{"events": []string{"log.entryAdded"}}, nil)
	return f
}

func findFirefox(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("firefox-esr"); err == nil {
		return path
	}
	return requireProgram(t, "firefox")
}

// close closes the browser and reports its errors.
func (f *firefox) close(cmd *exec.Cmd) {
	late := time.AfterFunc(waitTimeout, func() { cmd.Process.Kill() })
	defer late.Stop()
	if f.conn == nil || f.call("browser.close", params{}, nil) != nil {
		cmd.Process.Kill()
	}
	cmd.Wait()
	f.reportErrors()
}

// call sends a command and waits for its result.
func (f *firefox) call(method string, of params, result any) error {
	f.lastID++
	f.conn.SetDeadline(time.Now().Add(waitTimeout))
	if err := websocket.JSON.Send(f.conn, params{"id": f.lastID, "method": method, "params": of}); err != nil {
		return err
	}
	for {
		var heard struct {
			Type, Method, Error, Message string
			ID                           int
			Params, Result               json.RawMessage
		}
		if err := websocket.JSON.Receive(f.conn, &heard); err != nil {
			return err
		}
		switch {
		case heard.Type == "event":
			f.recordLogEntry(heard.Params)
		case heard.ID != f.lastID: // the response to a command that timed out
		case heard.Type == "error":
			return fmt.Errorf("%s: %s: %s", method, heard.Error, heard.Message)
		case result == nil:
			return nil
		default:
			return json.Unmarshal(heard.Result, result)
		}
	}
}

// mustCall is call, but fails the test on an error.
func (f *firefox) mustCall(method string, of params, result any) {
	f.Helper()
	if err := f.call(method, of, result); err != nil {
		f.Fatal(err)
	}
}

// recordLogEntry records errors and warnings of the browser.
func (f *firefox) recordLogEntry(entry json.RawMessage) {
	var e struct{ Level, Text string }
	if err := json.Unmarshal(entry, &e); err != nil {
		f.Error(err)
	}
	if e.Level == "error" || e.Level == "warn" {
		f.problems = append(f.problems, e.Level+": "+e.Text)
	}
}

func (f *firefox) errorLog() *browserErrors { return &f.browserErrors }

func (f *firefox) open(url string) string {
	f.Helper()
	var person struct{ UserContext string }
	f.mustCall("browser.createUserContext", params{}, &person)
	var window struct{ Context string }
	f.mustCall("browsingContext.create", params{"type": "window", "userContext": person.UserContext}, &window)
	f.mustCall("browsingContext.setViewport", params{"context": window.Context, "viewport": params{"width": 1280,
		"height": 800}}, nil)
	f.mustCall("browsingContext.navigate", params{"context": window.Context, "url": url, "wait": "complete"}, nil)
	return window.Context
}

func (f *firefox) evaluate(context, expression string) (string, error) {
	var got struct {
		Result           struct{ Value string }
		ExceptionDetails struct{ Text string }
	}
	err := f.call("script.evaluate", params{"expression": expression, "target": params{"context": context},
		"awaitPromise": false}, &got)
	if err == nil && got.ExceptionDetails.Text != "" {
		err = fmt.Errorf("%s: %s", expression, got.ExceptionDetails.Text)
	}
	return got.Result.Value, err
}

func (f *firefox) performActions(context string, source params) {
	f.Helper()
	f.mustCall("input.performActions", params{"context": context, "actions": []params{source}}, nil)
}

func (f *firefox) setFiles(context, selector string, paths []string) {
	f.Helper()
	var found struct {
		Nodes []struct{ SharedID string }
	}
	f.mustCall("browsingContext.locateNodes", params{"context": context, "locator": params{"type": "css",
		"value": selector}}, &found)
	if len(found.Nodes) != 1 {
		f.Fatalf("%d fields for files", len(found.Nodes))
	}
	f.mustCall("input.setFiles", params{"context": context, "element": params{"sharedId": found.Nodes[0].SharedID},
		"files": paths}, nil)
}

// waitForTabAt waits until a tab or window shows an address that ends with suffix.
func (f *firefox) waitForTabAt(suffix string) {
	f.Helper()
	waitUntil(f.T, "a tab is at "+suffix, func() (bool, string) {
		var tree struct{ Contexts []struct{ URL string } }
		err := f.call("browsingContext.getTree", params{"maxDepth": 0}, &tree)
		for _, context := range tree.Contexts {
			if strings.HasSuffix(context.URL, suffix) {
				return true, ""
			}
		}
		return false, fmt.Sprint(tree.Contexts, err)
	})
}

// streamErrors matches what Firefox reports when a stream is cut, which also happens when a link is followed.
const streamErrors = `Error in input stream|NetworkError`

func TestFirefox(t *testing.T) {
	t.Parallel()
	testConversation(t, startFirefox(t))
}

func TestFirefoxFilesAndSettings(t *testing.T) {
	t.Parallel()
	testFilesAndSettings(t, startFirefox(t))
}

// A click with Ctrl opens a link of the conversation list in a new tab, with Shift in a new window, and leaves the page
// as it is.
func TestFirefoxModifierClicksOpenLinksElsewhere(t *testing.T) {
	t.Parallel()
	s, f := startServer(t), startFirefox(t)
	ana := newEngineUser(f, s, "Ana")
	s.newAPIUser("Bob").postMessages("with=1", "Hello Ana")
	s.newAPIUser("Carla").postMessages("with=1", "Hello Ana")
	isOpen := `location.search === '?with=2' && document.querySelector('#conversation-name bdi')?.textContent === 'Bob'`
	ana.click("#with-2")
	ana.waitUntil("the conversation is open", isOpen)
	ana.clickWith(controlKey, "#with-3")
	f.waitForTabAt("/messages?with=3")
	f.mustCall("browsingContext.activate", params{"context": ana.id}, nil)
	ana.clickWith(shiftKey, "#room-1")
	f.waitForTabAt("/messages?room=1")
	ana.waitUntil("the conversation is still open", isOpen)
}
