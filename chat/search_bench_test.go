package chat_test

import (
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
)

var searchedMessages = flag.Int("searched-messages", 20_000, "how many messages BenchmarkSearch searches")

// searchBench is a community with many messages, and a second connection to its database.
type searchBench struct {
	*testing.B
	service  *chat.Service
	ana      chat.User
	raw      *sql.DB
	postgres bool
}

func BenchmarkSearchSQLite(b *testing.B) {
	dir := b.TempDir()
	store, err := db.OpenSQLite(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	benchmarkSearch(b, store, "sqlite", "file:"+filepath.Join(dir, "charla.db")+"?_txlock=immediate&_busy_timeout=5000")
}

func BenchmarkSearchPostgres(b *testing.B) {
	source := dbtest.PostgresURL(b)
	store, err := db.OpenPostgres(b.Context(), source)
	if err != nil {
		b.Fatal(err)
	}
	benchmarkSearch(b, store, "postgres", source)
}

// benchmarkSearch fills two rooms with messages whose words have the frequencies of a language, one in a thousand in the
// room Small, and indexes them. It measures searches for words from the most frequent to a rare one, the size of the
// index, and what the index adds to the processor time of a post.
func benchmarkSearch(b *testing.B, store *db.Store, driver, source string) {
	defer store.Close()
	raw, err := sql.Open(driver, source)
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	s := searchBench{
		B: b, service: chat.NewService(chat.Options{Store: store, Events: discardEvents{}}), raw: raw,
		postgres: driver == "postgres",
	}
	err = s.service.SeedUsers(b.Context(), 1, func(by chat.User, _ string) error { s.ana = by; return nil })
	if err != nil {
		b.Fatal(err)
	}
	small, err := s.service.CreateRoom(b.Context(), s.ana, chat.NewRoom{Name: "Small", Access: chat.AccessOpen})
	if err != nil {
		b.Fatal(err)
	}
	s.insertMessages(small.ID, *searchedMessages/1000)
	s.insertMessages(chat.General, *searchedMessages-*searchedMessages/1000)
	before, start := s.databaseSize(), time.Now()
	s.index()
	b.Logf("%d messages were indexed in %v", *searchedMessages, time.Since(start))
	size := float64(s.databaseSize()-before) / float64(*searchedMessages) // bytes per message are MB per million
	for _, query := range []string{
		"word0", "word0 word1", "word7 word9", "word2000", "word0 x", "wo", "nothing", "word0 in:small", "word0 on:2020-01-01",
	} {
		b.Run(query, func(b *testing.B) { s.measureSearch(b, query); b.ReportMetric(size, "index-MB/million") })
	}
	b.Run("post", s.measurePost)
}

func (s searchBench) measureSearch(b *testing.B, query string) {
	var times []time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := s.service.Search(b.Context(), s.ana, chat.SearchQuery{Text: query}, 0); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	for _, percent := range []int{50, 99} {
		b.ReportMetric(float64(times[len(times)*percent/100].Microseconds())/1000, fmt.Sprintf("p%d-ms", percent))
	}
}

// measurePost posts messages and then indexes them, and reports the processor time of both for each message.
func (s searchBench) measurePost(b *testing.B) {
	const posts = 1000
	var posting, indexing time.Duration
	for b.Loop() {
		start := s.processorTime()
		for i := range posts {
			in := chat.NewMessage{
				Conversation: chat.ConversationRef{Room: chat.General}, Body: randomText(words),
				Key: fmt.Sprint(b.Name(), posting, i),
			}
			if _, err := s.service.PostMessage(b.Context(), s.ana, in); err != nil {
				b.Fatal(err)
			}
		}
		posted := s.processorTime()
		s.index()
		posting, indexing = posting+posted-start, indexing+s.processorTime()-posted
	}
	all := float64(b.N * posts)
	b.ReportMetric(float64(posting.Microseconds())/all, "post-cpu-µs")
	b.ReportMetric(float64(indexing.Microseconds())/all, "index-cpu-µs")
}

// index indexes all messages that are not indexed. On a busy machine a step may take too long; it is then repeated.
func (s searchBench) index() {
	for more := true; more; {
		var err error
		more, err = s.service.IndexMessages(s.Context())
		if chat.CodeOf(err) == chat.Unavailable {
			more = true
		} else if err != nil {
			s.Fatal(err)
		}
	}
}

// insertMessages adds messages to a room, a second apart.
func (s searchBench) insertMessages(room int64, n int) {
	const batch = 5000
	var seq int64
	s.query(&seq, `SELECT last_seq FROM rooms WHERE id = $1`, room)
	for n > 0 {
		rows := map[string][2]any{} // an object, because json_each of PostgreSQL reads only those
		for range min(n, batch) {
			seq++
			rows[strconv.FormatInt(seq, 10)] = [2]any{seq, randomText(words)}
		}
		n -= len(rows)
		list, err := json.Marshal(rows)
		if err != nil {
			s.Fatal(err)
		}
		s.exec(`
			INSERT INTO messages (room_id, seq, changed_seq, author_id, key, body, html, posted_at, starts_group,
				starts_day, content_digest)
			SELECT CAST($1 AS BIGINT), m.seq, m.seq, CAST($2 AS BIGINT), CAST($1 AS TEXT) || ' ' || m.seq, m.body, m.body,
				1790000000000000 + m.seq * 1000000, TRUE, FALSE, ''
			FROM (SELECT CAST(value ->> 0 AS BIGINT) AS seq, value ->> 1 AS body FROM json_each($3)) AS m
			ORDER BY m.seq`, strconv.FormatInt(room, 10), s.ana.ID, string(list))
		s.exec(`UPDATE rooms SET last_seq = $2 WHERE id = $1`, room, seq)
	}
}

var words = rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 2, 20_000)

// randomText returns a dozen words.
func randomText(words *rand.Zipf) string {
	var text strings.Builder
	for range 12 {
		fmt.Fprintf(&text, "word%d ", words.Uint64())
	}
	return text.String()
}

func (s searchBench) exec(query string, args ...any) {
	s.Helper()
	if _, err := s.raw.Exec(query, args...); err != nil {
		s.Fatal(err)
	}
}

func (s searchBench) query(into any, query string, args ...any) {
	s.Helper()
	if err := s.raw.QueryRow(query, args...).Scan(into); err != nil {
		s.Fatal(err)
	}
}

// databaseSize returns the size of the database in bytes.
func (s searchBench) databaseSize() (bytes int64) {
	query := `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`
	if s.postgres {
		query = `SELECT pg_database_size(current_database())`
	}
	s.query(&bytes, query)
	return bytes
}

// processorTime returns the processor time of this process and, on PostgreSQL, of the server's processes that serve it.
func (s searchBench) processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		s.Fatal(err)
	}
	total := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	if !s.postgres {
		return total
	}
	var pids string
	s.query(&pids, `SELECT string_agg(CAST(pid AS TEXT), ' ') FROM pg_stat_activity WHERE datname = current_database()`)
	for pid := range strings.FieldsSeq(pids) {
		stat, _ := os.ReadFile("/proc/" + pid + "/stat") // the process may have ended
		const user, system, ticksPerSecond = 11, 12, 100 // fields after the name
		_, fields, _ := strings.Cut(string(stat), ") ")
		for i, field := range strings.Fields(fields) {
			if ticks, err := strconv.Atoi(field); err == nil && (i == user || i == system) {
				total += time.Duration(ticks) * time.Second / ticksPerSecond
			}
		}
	}
	return total
}

type discardEvents struct{}

func (discardEvents) Publish(chat.Event) {}
