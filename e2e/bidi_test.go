package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// firefox is a browser that is spoken to in WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi): commands, which are answered
// by number, and events. Events are heard while an answer is awaited, so one goroutine does it all.
type firefox struct {
	*testing.T
	conn      *websocket.Conn
	last      int // the number of the last command
	problems  []string
	tolerated []*regexp.Regexp
}

// onADesk are preferences of somebody with a mouse; a browser without a screen believes that there is none.
const onADesk = `
user_pref("ui.primaryPointerCapabilities", 6);
user_pref("ui.allPointerCapabilities", 6);
user_pref("intl.accept_languages", "en");
`

var listens = regexp.MustCompile(`WebDriver BiDi listening on (ws://\S+)`)

// startFirefox opens a Firefox of its own for a test. Whatever it complains of fails the test.
func startFirefox(t *testing.T) *firefox {
	t.Helper()
	home, program := t.TempDir(), firefoxProgram(t)
	if err := os.WriteFile(filepath.Join(home, "user.js"), []byte(onADesk), 0o600); err != nil {
		t.Fatal(err)
	}
	const origin = "http://127.0.0.1"
	var said transcript
	cmd := exec.Command(program, "--headless", "--profile", home, "--remote-debugging-port=0", "--remote-allow-origins="+origin)
	cmd.Env = append(os.Environ(), "HOME="+home)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f := &firefox{T: t}
	t.Cleanup(func() { f.finish(cmd) })
	var address string
	until(t, "Firefox listens", func() (bool, string) {
		found := listens.FindStringSubmatch(said.String())
		if found != nil {
			address = found[1]
		}
		return found != nil, said.String()
	})
	var err error
	if f.conn, err = websocket.Dial(address+"/session", "", origin); err != nil {
		t.Fatal(err)
	}
	f.do("session.new", params{"capabilities": params{}}, nil)
	f.do("session.subscribe", params{"events": []string{"log.entryAdded"}}, nil)
	return f
}

func firefoxProgram(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"firefox-esr", "firefox"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "this test needs Firefox; .ci/needs brings it"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// finish closes the browser, and then what it complained of is known.
func (f *firefox) finish(cmd *exec.Cmd) {
	late := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer late.Stop()
	if f.conn == nil || f.call("browser.close", params{}, nil) != nil {
		cmd.Process.Kill()
	}
	cmd.Wait()
	for _, p := range f.problems {
		if !slices.ContainsFunc(f.tolerated, func(r *regexp.Regexp) bool { return r.MatchString(p) }) {
			f.Errorf("Firefox complains: %s", p)
		}
	}
}

type params map[string]any

// call sends a command and waits for its result.
func (f *firefox) call(method string, of params, result any) error {
	f.last++
	f.conn.SetDeadline(time.Now().Add(patience))
	if err := websocket.JSON.Send(f.conn, params{"id": f.last, "method": method, "params": of}); err != nil {
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
			f.hear(heard.Params)
		case heard.ID != f.last: // the answer to a command that was given up
		case heard.Type == "error":
			return fmt.Errorf("%s: %s: %s", method, heard.Error, heard.Message)
		case result == nil:
			return nil
		default:
			return json.Unmarshal(heard.Result, result)
		}
	}
}

// do is call for what must not fail.
func (f *firefox) do(method string, of params, result any) {
	f.Helper()
	if err := f.call(method, of, result); err != nil {
		f.Fatal(err)
	}
}

// hear notes errors and warnings.
func (f *firefox) hear(entry json.RawMessage) {
	var e struct{ Level, Text string }
	if err := json.Unmarshal(entry, &e); err != nil {
		f.Error(err)
	}
	if e.Level == "error" || e.Level == "warn" {
		f.problems = append(f.problems, e.Level+": "+e.Text)
	}
}
