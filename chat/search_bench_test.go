package chat_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/db"
	"charla/db/dbtest"
)

var searchedMessages = flag.Int("searched-messages", 20_000, "how many messages BenchmarkSearch searches")

func BenchmarkSearchSQLite(b *testing.B)   { benchmarkSearch(b, dbtest.OpenSQLite(b)) }
func BenchmarkSearchPostgres(b *testing.B) { benchmarkSearch(b, dbtest.OpenPostgres(b)) }

// benchmarkSearch fills a room with messages whose words have the frequencies of a language, indexes them, and measures
// searches for words from the most frequent to a rare one.
func benchmarkSearch(b *testing.B, store *db.Store) {
	service := chat.NewService(chat.Options{Store: store, Events: discardEvents{}})
	var ana chat.User
	err := service.SeedUsers(b.Context(), 1, func(by chat.User, _ string) error { ana = by; return nil })
	if err != nil {
		b.Fatal(err)
	}
	insertRandomMessages(b, store, ana)
	start := time.Now()
	for more := true; more; {
		if more, err = service.IndexMessages(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.Logf("%d messages were indexed in %v", *searchedMessages, time.Since(start))
	for _, query := range []string{"word0 x", "word0", "word7 word9", "word2000", "wo", "nothing", "word0 on:2020-01-01"} {
		b.Run(query, func(b *testing.B) {
			var times []time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := service.Search(b.Context(), ana, chat.SearchQuery{Text: query}, 0); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(start))
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

type discardEvents struct{}

func (discardEvents) Publish(chat.Event) {}

func insertRandomMessages(b *testing.B, store *db.Store, ana chat.User) {
	random := rand.New(rand.NewPCG(1, 2))
	words := rand.NewZipf(random, 1.1, 2, 20_000)
	for done := 0; done < *searchedMessages; {
		err := store.InTx(b.Context(), func(tx chat.Tx) error {
			for range 1000 {
				var text strings.Builder
				for range 12 {
					fmt.Fprintf(&text, "word%d ", words.Uint64())
				}
				done++
				at := chat.Timestamp(1_790_000_000_000_000 + int64(done)*1_000_000)
				slot, err := tx.ReservePost(b.Context(), ana.ID, chat.ConversationRef{Room: chat.General}, at, 0)
				if err != nil {
					return err
				}
				m := chat.Message{
					Room: chat.General, Seq: slot.LastSeq, ChangedSeq: slot.LastSeq, AuthorID: ana.ID, Key: fmt.Sprint(done),
					Body: text.String(), HTML: text.String(), PostedAt: at,
				}
				if _, err := tx.InsertMessage(b.Context(), m, ""); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
