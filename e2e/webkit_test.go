package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// webkit is the engine of Safari, in the small browser of its GTK port, controlled by WebDriver
// (https://www.w3.org/TR/webdriver2). A driver has one window, so each window has its own driver. They share a virtual
// screen.
type webkit struct {
	browserErrors
	display string
	client  http.Client
}

func startWebKit(t *testing.T) *webkit {
	t.Helper()
	requireProgram(t, "WebKitWebDriver")
	k := &webkit{browserErrors: browserErrors{T: t, browser: "WebKit"}, display: startXvfb(t),
		client: http.Client{Timeout: waitTimeout}}
	k.allowErrors(loadErrors)
	return k
}

// startXvfb starts an X server and returns its display name.
func startXvfb(t *testing.T) string {
	t.Helper()
	told, tells, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	cmd := exec.Command(requireProgram(t, "Xvfb"), "-displayfd", "3", "-screen", "0", "1400x1000x24", "-nolisten",
		"tcp")
	cmd.ExtraFiles = []*os.File{tells}
	err = cmd.Start()
	tells.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	var number int
	if _, err := fmt.Fscan(told, &number); err != nil {
		t.Fatalf("Xvfb did not start: %v", err)
	}
	return fmt.Sprint(":", number)
}

// send sends a command to the driver of a window and decodes its result.
func (k *webkit) send(method, url string, command params, result any) error {
	body, err := json.Marshal(command)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := k.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var said struct{ Value json.RawMessage }
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, said.Value)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(said.Value, result)
}

// mustSend is send, but fails the test on an error.
func (k *webkit) mustSend(url string, command params, result any) {
	k.Helper()
	if err := k.send(http.MethodPost, url, command, result); err != nil {
		k.Fatal(err)
	}
}

func (k *webkit) errorLog() *browserErrors { return &k.browserErrors }

// open starts a driver and a browser. The window is identified by the URL of its session.
func (k *webkit) open(url string) string {
	k.Helper()
	addr := freeAddr(k.T)
	_, port, _ := strings.Cut(addr, ":")
	var said outputBuffer
	cmd := exec.Command("WebKitWebDriver", "--port="+port)
	cmd.Env = append(os.Environ(), "DISPLAY="+k.display, "HOME="+filepath.Dir(binary), "LANG=C.UTF-8")
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		k.Fatal(err)
	}
	session := "http://" + addr + "/session"
	k.Cleanup(func() {
		k.send(http.MethodDelete, session, params{}, nil)
		cmd.Process.Kill()
		cmd.Wait()
		k.reportErrors()
		k.problems = nil
	})
	waitUntil(k.T, "the driver of WebKit listens", func() (bool, string) {
		err := k.send(http.MethodGet, "http://"+addr+"/status", params{}, nil)
		return err == nil, fmt.Sprint(err, said.String())
	})
	var opened struct{ SessionID string }
	k.mustSend(session, params{"capabilities": params{"alwaysMatch": params{}}}, &opened)
	session += "/" + opened.SessionID
	k.mustSend(session+"/window/rect", params{"width": 1280, "height": 900}, nil)
	k.mustSend(session+"/url", params{"url": url}, nil)
	return session
}

// collectErrors is a script that makes the page collect its errors, from the first evaluation on, and returns the new
// ones. The protocol of this browser does not report them.
const collectErrors = `(globalThis.heard ??= (list => {
	addEventListener('securitypolicyviolation', e =>
		list.push('policy violated: ' + e.violatedDirective + ' ' + e.blockedURI))
	addEventListener('error', e => list.push('exception: ' + e.message))
	addEventListener('unhandledrejection', e => list.push('exception: ' + e.reason))
	for (const kind of ['error', 'warn', 'assert']) {
		const say = console[kind]
		console[kind] = (...words) => {
			list.push('console.' + kind + ': ' + words.join(' '))
			say.apply(console, words)
		}
	}
	return list
})([])).splice(0)`

func (k *webkit) evaluate(session, expression string) (string, error) {
	var got struct {
		Value string
		Heard []string
	}
	script := "const heard = " + collectErrors + "; return {value: " + expression + ", heard}"
	err := k.send(http.MethodPost, session+"/execute/sync", params{"script": script, "args": []any{}}, &got)
	k.problems = append(k.problems, got.Heard...)
	return got.Value, err
}

func (k *webkit) performActions(session string, source params) {
	k.Helper()
	k.mustSend(session+"/actions", params{"actions": []params{source}}, nil)
}

func (k *webkit) setFiles(session, selector string, paths []string) {
	k.Helper()
	var found map[string]string
	k.mustSend(session+"/element", params{"using": "css selector", "value": selector}, &found)
	for _, element := range found {
		k.mustSend(session+"/element/"+element+"/value", params{"text": strings.Join(paths, "\n")}, nil)
	}
}

// loadErrors matches what WebKit reports when there is no server, or when the page is left.
const loadErrors = `Load failed`

func TestWebKit(t *testing.T) {
	t.Parallel()
	testConversation(t, startWebKit(t))
}

func TestWebKitFilesAndSettings(t *testing.T) {
	t.Parallel()
	testFilesAndSettings(t, startWebKit(t))
}

// TestWebKitAndChromium tests what works differently in WebKit, in a conversation with a user of Chromium.
func TestWebKitAndChromium(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	k := startWebKit(t)
	ana, bob := newEngineUser(k, s, "Ana"), s.newUser("Bob")
	ana.openConversationWith("Bob")
	bob.open("/messages?with=1")
	bob.waitForStream()
	ana.fill("#composer-text", "one"+enterKey+"two"+enterKey) // without a pause
	bob.waitForMessages("one", "two")
	bob.fill("#composer-text", "hm")
	ana.waitUntil("Bob is writing", `document.querySelector('#typing').innerText.includes('Bob')`)
	bob.pressKeys("\r")
	ana.waitForMessages("one", "two", "hm")
	ana.waitUntil("a short message leaves no gap",
		`getComputedStyle(document.querySelector('#m-3 .message__row')).gridTemplateRows.split(' ').length === 2`)

	const room = composer + `.clientHeight`
	ana.waitUntil("the composer has one line", room+` === 44`)
	ana.typeKeys("first")
	ana.pressShiftEnter()
	ana.typeKeys("second")
	ana.waitUntil("the composer grew by a line, and shows all lines",
		room+` === 68 && `+composer+`.scrollHeight === 68`)
	ana.typeKeys(enterKey)
	bob.waitForMessages("one", "two", "hm", "first\nsecond")
	ana.waitUntil("the composer has one line again", room+` === 44`)

	bob.api().postMessages("with=1", numberedTexts("line", 40)...)
	const place = `document.querySelector('#m-24').getBoundingClientRect().top`
	ana.waitUntil("Ana has scrolled up",
		`document.querySelector('#m-44') && (document.querySelector('#scroller').scrollTop = -400) &&
		(sessionStorage.place = `+place+`)`)
	bob.api().postMessages("with=1", "news\n\nof *two* paragraphs")
	ana.waitUntil("the new message arrived, and nothing moved",
		`document.querySelector('#m-45') && sessionStorage.place == `+place)

	ana.click(".emoji-button--popover")
	ana.waitUntil("the search has the focus", `document.activeElement.type === 'search'`)
	ana.typeKeys("zz" + escapeKey)
	const open = `document.querySelector('#emoji-picker').matches(':popover-open')`
	ana.waitUntil("Escape clears the search", `document.activeElement.value === '' && `+open)
	ana.typeKeys(escapeKey)
	ana.waitUntil("Escape closes the picker", `!`+open+` && document.activeElement.matches('.emoji-button')`)

	elsewhere := s.newBrowser()
	elsewhere.open("/login")
	elsewhere.logIn("Ana")
	elsewhere.waitForPath("/chat")
	elsewhere.api().mustPost("/settings/password", url.Values{"current": {password}, "password": {password + " 2"}})
	ana.waitUntil("Ana is logged out",
		`location.pathname === '/login' &&
		document.querySelector('#form-error').innerText.startsWith('Your session ended.')`)
}
