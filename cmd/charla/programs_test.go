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

// spawn starts the real program. Who kills it calls Wait.
func spawn(t *testing.T, addr, data string) (*exec.Cmd, *process) {
	t.Helper()
	c, p, _ := launch(t, exec.Command(os.Args[0]), addr, data)
	return c, p
}

// launch runs a command that is, or becomes, the real program, and waits until it serves.
func launch(t *testing.T, c *exec.Cmd, addr, data string) (*exec.Cmd, *process, *output) {
	t.Helper()
	var out output
	c.Env = append(os.Environ(), "BE_CHARLA=1", "CHARLA_ADDR="+addr, "CHARLA_DATA="+data)
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	p := &process{url: place(t, &out), data: data}
	p.client(t)
	return c, p, &out
}

// post sends a form as a program and reads the answer.
func (p *process) post(t *testing.T, path string, form url.Values, status int) (answer struct{ Token string }) {
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

// said lists what was said in General, by whom.
func (p *process) said(t *testing.T) (said []string) {
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
func TestTheEchoBots(t *testing.T) {
	built := filepath.Join(t.TempDir(), "echobot")
	if out, err := exec.Command("go", "build", "-o", built, "../../examples/echobot").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, argv := range map[string][]string{"Go": {built}, "shell": {"sh", "../../examples/echobot.sh"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, p := spawn(t, "127.0.0.1:0", t.TempDir())
			ana := url.Values{"name": {"Ana"}, "email": {"ana@example.org"}, "password": {"tres tristes tigres"}}
			p.post(t, "/register", ana, http.StatusCreated)
			bot, out := p.bot(t, argv)
			waitFor(t, out, "the bot to listen", func() bool { return strings.Contains(out.String(), "following room 1") && p.listened(t) })
			say := func(text string) {
				p.post(t, "/messages", url.Values{"room": {"1"}, "body": {text}}, http.StatusCreated)
			}
			echoed := func(want ...string) {
				t.Helper()
				waitFor(t, out, fmt.Sprint(want), func() bool { return len(p.said(t)) >= 2*len(want) })
				all := p.said(t)
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
			again, next := spawn(t, strings.TrimPrefix(p.url, "http://"), p.data)
			next.http.Jar = p.http.Jar
			p = next
			say("two")
			say("three")
			echoed(`He said "hi" \ <b>`, "two", "three")

			again.Process.Signal(syscall.SIGTERM)
			again.Wait()
			_, next = spawn(t, strings.TrimPrefix(p.url, "http://"), p.data)
			next.http.Jar = p.http.Jar
			p = next
			say("four")
			echoed(`He said "hi" \ <b>`, "two", "three", "four")
			bot.Process.Kill()
		})
	}
}

// bot starts a program as a bot of its own.
func (p *process) bot(t *testing.T, argv []string) (*exec.Cmd, *output) {
	t.Helper()
	token := p.post(t, "/bots", url.Values{"name": {"Bot"}}, http.StatusCreated).Token
	c := exec.Command(argv[0], argv[1:]...)
	var out output
	c.Env = append(os.Environ(), "CHARLA_URL="+p.url, "CHARLA_TOKEN="+token)
	c.Stdout, c.Stderr = &out, &out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the shell's curl goes with it
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(-c.Process.Pid, syscall.SIGKILL); c.Wait() })
	return c, &out
}

// listened tells whether somebody has a stream open.
func (p *process) listened(t *testing.T) bool {
	t.Helper()
	return regexp.MustCompile(`id="here-count"[^>]*>[1-9]`).MatchString(p.get(t, "/chat"))
}

// waitFor waits until something is so.
func waitFor(t *testing.T, out *output, what string, ok func() bool) {
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
