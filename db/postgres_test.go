package db

import (
	"testing"

	"github.com/lib/pq"
)

// TestDefaultSSLMode checks URLs without an sslmode: connections to this machine are not encrypted, and others must be.
// An sslmode in the URL is kept.
func TestDefaultSSLMode(t *testing.T) {
	for url, want := range map[string]pq.SSLMode{
		"postgres://charla@localhost/charla":                       pq.SSLModeDisable,
		"postgres://charla@127.0.0.1:5433/charla":                  pq.SSLModeDisable,
		"postgres://charla@[::1]/charla":                           pq.SSLModeDisable,
		"postgres:///charla?host=/run/postgresql":                  pq.SSLModeDisable,
		"postgres://charla@db.example.org/charla":                  pq.SSLModeRequire,
		"postgres://charla@10.0.0.7/charla":                        pq.SSLModeRequire,
		"postgres://charla@localhost/charla?sslmode=require":       pq.SSLModeRequire,
		"postgres://charla@10.0.0.7/charla?sslmode=disable":        pq.SSLModeDisable,
		"postgres://charla@10.0.0.7/charla?sslmode=verify-full":    pq.SSLModeVerifyFull,
		"postgres://charla@localhost,db.example.org:5433/charla":   pq.SSLModeRequire,
		"host=db.example.org user=charla dbname=charla":            pq.SSLModeRequire,
		"host=localhost hostaddr=10.0.0.7 user=charla dbname=data": pq.SSLModeRequire,
	} {
		cfg, err := configPostgres(url)
		if err != nil || cfg.SSLMode != want {
			t.Errorf("%s: got %q, %v; want %q", url, cfg.SSLMode, err, want)
		}
	}
}
