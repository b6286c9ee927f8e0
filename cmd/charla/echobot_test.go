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

// startBinary starts the real program. Who kills it calls Wait.
func startBinary(t *testing.T, addr, data string) (*exec.Cmd, *testServer) {
	t.Helper()
	c, p, _ := startCommand(t, exec.Command(os.Args[0]), addr, data)
	return c, p
}

// startCommand runs a command that is, or becomes, the real program, and waits until it serves.
func startCommand(t *testing.T, c *exec.Cmd, addr, data string) (*exec.Cmd, *testServer, *syncBuffer) {
	t.Helper()
	var out syncBuffer
	c.Env = append(os.Environ(), "BE_CHARLA=1", "CHARLA_ADDR="+addr, "CHARLA_DATA="+data)
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	p := &testServer{url: waitForURL(t, &out), dataDir: data}
	p.newClient(t)
	return c, p, &out
}

// postFormJSON sends a form as a program and reads the answer.
func (p *testServer) postFormJSON(t *testing.T, path string, form url.Values, status int) (answer struct{ Token string }) {
	t.Helper()
	request, _ := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	r, err := p.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil || r.StatusCode != status {
		t.Fatalf("%s: %s, %v", path, r.Status, err)
	}
	return answer
}

// roomMessages lists what was said in General, by whom.
func (p *testServer) roomMessages(t *testing.T) (said []string) {
	t.Helper()
	request, _ := http.NewRequest(http.MethodGet, p.url+"/messages?room=1&after=0", nil)
	request.Header.Set("Accept", "application/json")
	r, err := p.http.Do(request)
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

// Both examples say each message once, also those of while the server was killed and started again, and never answer
// themselves.
func TestEchoBots(t *testing.T) {
	built := filepath.Join(t.TempDir(), "echobot")
	if out, err := exec.Command("go", "build", "-o", built, "../../examples/echobot").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, argv := range map[string][]string{"Go": {built}, "shell": {"sh", "../../examples/echobot.sh"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, p := startBinary(t, "127.0.0.1:0", t.TempDir())
			ana := url.Values{"name": {"Ana"}, "email": {"ana@example.org"}, "password": {"tres tristes tigres"}}
			p.postFormJSON(t, "/register", ana, http.StatusCreated)
			bot, out := p.startBot(t, argv)
			waitFor(t, out, "the bot to listen", func() bool { return strings.Contains(out.String(), "following room 1") && p.hasOpenStream(t) })
			say := func(text string) {
				p.postFormJSON(t, "/messages", url.Values{"room": {"1"}, "body": {text}}, http.StatusCreated)
			}
			echoed := func(want ...string) {
				t.Helper()
				waitFor(t, out, fmt.Sprint(want), func() bool { return len(p.roomMessages(t)) >= 2*len(want) })
				all := p.roomMessages(t)
				for _, text := range want {
					if n := strings.Count("\n"+strings.Join(all, "\n")+"\n", "\nBot: "+text+"\n"); n != 1 {
						t.Fatalf("%q was said %d times again: %q\n%s", text, n, all, out)
					}
				}
				if len(all) != 2*len(want) {
					t.Fatalf("too much was said: %q", all)
				}
			}
			say(`He said "hi" \ <b>`)
			echoed(`He said "hi" \ <b>`)

			server.Process.Kill()
			server.Wait()
			again, next := startBinary(t, strings.TrimPrefix(p.url, "http://"), p.dataDir)
			next.http.Jar = p.http.Jar
			p = next
			say("two")
			say("three")
			echoed(`He said "hi" \ <b>`, "two", "three")

			again.Process.Signal(syscall.SIGTERM)
			again.Wait()
			_, next = startBinary(t, strings.TrimPrefix(p.url, "http://"), p.dataDir)
			next.http.Jar = p.http.Jar
			p = next
			say("four")
			echoed(`He said "hi" \ <b>`, "two", "three", "four")
			bot.Process.Kill()
		})
	}
}

// startBot starts a program as a bot of its own.
func (p *testServer) startBot(t *testing.T, argv []string) (*exec.Cmd, *syncBuffer) {
	t.Helper()
	token := p.postFormJSON(t, "/bots", url.Values{"name": {"Bot"}}, http.StatusCreated).Token
	c := exec.Command(argv[0], argv[1:]...)
	var out syncBuffer
	c.Env = append(os.Environ(), "CHARLA_URL="+p.url, "CHARLA_TOKEN="+token)
	c.Stdout, c.Stderr = &out, &out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the shell's curl goes with it
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(-c.Process.Pid, syscall.SIGKILL); c.Wait() })
	return c, &out
}

// hasOpenStream tells whether somebody has a stream open.
func (p *testServer) hasOpenStream(t *testing.T) bool {
	t.Helper()
	return regexp.MustCompile(`id="online-count"[^>]*>[1-9]`).MatchString(p.get(t, "/chat"))
}

// waitFor waits until something is so.
func waitFor(t *testing.T, out *syncBuffer, what string, ok func() bool) {
	t.Helper()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for range 400 {
		if ok() {
			return
		}
		<-look.C
	}
	t.Fatalf("waited in vain for %s\n%s", what, out)
}
