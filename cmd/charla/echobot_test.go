package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startBinary starts the program as a process of its own. A test that kills it must call Wait.
func startBinary(t *testing.T, addr, data string) (*exec.Cmd, *testServer) {
	t.Helper()
	c, s, _ := startCommand(t, exec.Command(os.Args[0]), addr, data)
	return c, s
}

// startCommand runs a command that is the program, or executes it, and waits until the server is ready.
func startCommand(t *testing.T, c *exec.Cmd, addr, data string) (*exec.Cmd, *testServer, *syncBuffer) {
	t.Helper()
	var out syncBuffer
	c.Env = append(os.Environ(), "BE_CHARLA=1", "CHARLA_ADDR="+addr, "CHARLA_DATA="+data)
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	s := &testServer{url: waitForURL(t, &out), dataDir: data}
	s.newClient(t)
	return c, s, &out
}

// postFormJSON posts a form, asks for a JSON response and checks its status.
func (s *testServer) postFormJSON(
	t *testing.T, path string, form url.Values, status int,
) (answer struct{ Token string }) {
	t.Helper()
	request, _ := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	r, err := s.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil || r.StatusCode != status {
		t.Fatalf("POST %s: %s, %v", path, r.Status, err)
	}
	return answer
}

// roomMessages returns the messages in General, each as "author: text".
func (s *testServer) roomMessages(t *testing.T) (said []string) {
	t.Helper()
	request, _ := http.NewRequest(http.MethodGet, s.url+"/messages?room=1&after=0", nil)
	request.Header.Set("Accept", "application/json")
	r, err := s.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var page struct {
		Messages []struct {
			Body string
			From struct{ Name string }
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&page); err != nil {
		t.Fatal(err)
	}
	for _, m := range page.Messages {
		said = append(said, m.From.Name+": "+m.Body)
	}
	return said
}

// TestEchoBots checks that both example bots repeat every message once, also messages posted while they were
// disconnected from a restarting server, and never their own messages.
func TestEchoBots(t *testing.T) {
	built := filepath.Join(t.TempDir(), "echobot")
	if out, err := exec.Command("go", "build", "-o", built, "../../examples/echobot").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for name, argv := range map[string][]string{"Go": {built}, "shell": {"sh", "../../examples/echobot.sh"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, s := startBinary(t, "127.0.0.1:0", t.TempDir())
			ana := url.Values{"name": {"Ana"}, "email": {"ana@example.org"}, "password": {"tres tristes tigres"}}
			s.postFormJSON(t, "/register", ana, http.StatusCreated)
			bot, out := s.startBot(t, argv)
			waitFor(t, out, "the bot has opened its stream", func() bool {
				return strings.Contains(out.String(), "following room 1") && s.hasOpenStream(t)
			})
			say := func(text string) {
				s.postFormJSON(t, "/messages", url.Values{"room": {"1"}, "body": {text}}, http.StatusCreated)
			}
			echoed := func(want ...string) {
				t.Helper()
				waitFor(t, out, fmt.Sprintf("the bot repeats %q", want), func() bool {
					return len(s.roomMessages(t)) >= 2*len(want)
				})
				all := s.roomMessages(t)
				for _, text := range want {
					if n := strings.Count("\n"+strings.Join(all, "\n")+"\n", "\nBot: "+text+"\n"); n != 1 {
						t.Fatalf("%q was repeated %d times: %q\n%s", text, n, all, out)
					}
				}
				if len(all) != 2*len(want) {
					t.Fatalf("there are too many messages: %q", all)
				}
			}
			say(`He said "hi" \ <b>`)
			echoed(`He said "hi" \ <b>`)

			server.Process.Kill()
			server.Wait()
			again, next := startBinary(t, strings.TrimPrefix(s.url, "http://"), s.dataDir)
			next.http.Jar = s.http.Jar
			s = next
			say("two")
			say("three")
			echoed(`He said "hi" \ <b>`, "two", "three")

			again.Process.Signal(syscall.SIGTERM)
			again.Wait()
			_, next = startBinary(t, strings.TrimPrefix(s.url, "http://"), s.dataDir)
			next.http.Jar = s.http.Jar
			s = next
			say("four")
			echoed(`He said "hi" \ <b>`, "two", "three", "four")
			bot.Process.Kill()
		})
	}
}

// startBot registers a bot and starts its program with the token.
func (s *testServer) startBot(t *testing.T, argv []string) (*exec.Cmd, *syncBuffer) {
	t.Helper()
	token := s.postFormJSON(t, "/bots", url.Values{"name": {"Bot"}}, http.StatusCreated).Token
	c := exec.Command(argv[0], argv[1:]...)
	var out syncBuffer
	c.Env = append(os.Environ(), "CHARLA_URL="+s.url, "CHARLA_TOKEN="+token)
	c.Stdout, c.Stderr = &out, &out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that curl is killed together with the shell
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(-c.Process.Pid, syscall.SIGKILL); c.Wait() })
	return c, &out
}

// hasOpenStream reports whether anybody is online.
func (s *testServer) hasOpenStream(t *testing.T) bool {
	t.Helper()
	return regexp.MustCompile(`id="online-count"[^>]*>[1-9]`).MatchString(s.get(t, "/chat"))
}

// waitFor waits until a condition holds. After 20 seconds it fails the test and shows the output of the program.
func waitFor(t *testing.T, out *syncBuffer, what string, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for range 400 {
		if ok() {
			return
		}
		<-ticker.C
	}
	t.Fatalf("timed out waiting until %s\n%s", what, out)
}
