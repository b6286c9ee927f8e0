package live

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// parseEvent parses one event as the HTML standard specifies for browsers.
func parseEvent(stream string) (e ServerSentEvent, hasData bool) {
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	var data []string
	for line := range strings.SplitSeq(stream, "\n") {
		if line == "" {
			break
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			e.ID = value
		case "event":
			e.Name = value
		case "retry":
			e.RetryMillis, _ = strconv.Atoi(value)
		case "data":
			data = append(data, value)
			hasData = true
		}
	}
	e.Data = []byte(strings.Join(data, "\n"))
	return e, hasData
}

func FuzzServerSentEvent(f *testing.F) {
	f.Add("12", "", 0, []byte("<li>one\ntwo</li>"))
	f.Add("", "restart", 700, []byte(""))
	f.Add("1\n2", "a\rb", -1, []byte("data: x\r\n\r\nid: 7\r"))
	f.Fuzz(func(t *testing.T, id, name string, retry int, data []byte) {
		clean := strings.NewReplacer("\r", "", "\n", "", "\x00", "")
		want := ServerSentEvent{ID: clean.Replace(id), Name: clean.Replace(name), RetryMillis: max(retry, 0)}
		want.Data = bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
		wire := string(ServerSentEvent{ID: id, Name: name, RetryMillis: retry, Data: data}.AppendTo(nil))
		got, hasData := parseEvent(wire)
		equal := got.ID == want.ID && got.Name == want.Name && got.RetryMillis == want.RetryMillis
		if !equal || !bytes.Equal(got.Data, want.Data) {
			t.Errorf("wrote %+v, parsed %+v from %q", want, got, wire)
		}
		if hasData != (data != nil) {
			t.Errorf("data %q: parsed data: %v", data, hasData)
		}
		lines := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(wire)
		if strings.Count(lines, "\n\n") != 1 || !strings.HasSuffix(wire, "\n\n") && wire != "\n" {
			t.Errorf("wrote more or less than one event: %q", wire)
		}
	})
}

func TestEventWithoutData(t *testing.T) {
	if got := string(ServerSentEvent{ID: "7"}.AppendTo(nil)); got != "id: 7\n\n" {
		t.Errorf("%q", got)
	}
	if got := string(ServerSentEvent{Name: "bye", Data: []byte{}}.AppendTo(nil)); got != "event: bye\ndata: \n\n" {
		t.Errorf("%q", got)
	}
}
