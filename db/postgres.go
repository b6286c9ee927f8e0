package db

import (
	"context"
	"database/sql"
	"maps"
	"net"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// maxConns is how many connections a node takes: with four nodes all fit into PostgreSQL's default of 100.
const maxConns = 24

// sessionSettings are what a session has unless the URL says otherwise. The timeouts bound what a person waits for and what a
// node that died leaves locked; synchronous_commit makes a commit survive a crash.
var sessionSettings = map[string]string{
	"application_name":                    "charla",
	"statement_timeout":                   "10s",
	"lock_timeout":                        "5s",
	"idle_in_transaction_session_timeout": "15s",
	"synchronous_commit":                  "on",
}

// OpenPostgres connects to the server behind a postgres:// URL and brings its schema up to date; nodes that start
// together take turns. Without an sslmode in the URL a server on this machine is spoken to in the clear and any other
// must encrypt ("require", which does not check its name; use verify-full across a network you do not own). Connecting
// takes at most 5 seconds unless the URL sets connect_timeout.
func OpenPostgres(ctx context.Context, url string) (*Store, error) {
	cfg, err := configPostgres(url)
	if err != nil {
		return nil, err
	}
	if err := migratePostgres(ctx, cfg); err != nil {
		return nil, mapError(err)
	}
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, err
	}
	connector.Dialer(dialer{})
	connections := sql.OpenDB(stmtCacheConnector{connector})
	connections.SetMaxOpenConns(maxConns)
	connections.SetMaxIdleConns(maxConns)
	connections.SetConnMaxIdleTime(5 * time.Minute)
	conns := sqlx.NewDb(connections, "postgres")
	return &Store{reader: reader{poolQuerier{db: conns}}, read: conns, write: conns}, nil
}

func configPostgres(url string) (pq.Config, error) {
	cfg, err := pq.NewConfig(url)
	if err != nil {
		return cfg, err
	}
	runtime := maps.Clone(sessionSettings)
	maps.Copy(runtime, cfg.Runtime)
	cfg.Runtime = runtime
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	if cfg.SSLMode == "" {
		cfg.SSLMode = pq.SSLModeRequire
		if len(cfg.Multi) == 0 && !cfg.Hostaddr.IsValid() && isLocalHost(cfg.Host) {
			cfg.SSLMode = pq.SSLModeDisable
		}
	}
	return cfg, nil
}

func isLocalHost(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "" || host == "localhost" || strings.HasPrefix(host, "/") || ip != nil && ip.IsLoopback()
}

// migratePostgres uses a connection of its own, because a migration may take longer than any request. One that locks tables in another
// order than what a node of the version before does meanwhile may be the victim of a deadlock, and is tried again.
func migratePostgres(ctx context.Context, cfg pq.Config) error {
	cfg.Runtime = maps.Clone(cfg.Runtime)
	for _, name := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
		cfg.Runtime[name] = "0"
	}
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return err
	}
	pool := sql.OpenDB(connector)
	defer pool.Close()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // look every second for five minutes
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		err := migrate(ctx, goose.DialectPostgres, "postgres", pool, goose.WithSessionLocker(locker))
		if !isSerializationFailure(err) || n == maxTxAttempts {
			return err
		}
	}
}
