package db

import (
	"context"
	"database/sql"
	"io/fs"
	"maps"
	"net"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"charla/migrations"
)

// maxConns is how many connections a node opens at most. Four nodes stay below PostgreSQL's default limit of 100.
const maxConns = 24

// sessionSettings are PostgreSQL settings that apply unless the URL sets them. The timeouts limit how long users wait
// and how long locks of a crashed node remain. With synchronous_commit, commits survive a crash.
var sessionSettings = map[string]string{
	"application_name":                    "charla",
	"statement_timeout":                   "10s",
	"lock_timeout":                        "5s",
	"idle_in_transaction_session_timeout": "15s",
	"synchronous_commit":                  "on",
}

// OpenPostgres connects to a postgres:// URL and migrates the schema. Nodes that start at the same time migrate one
// after the other. If the URL has no sslmode, connections to this machine are not encrypted, and connections to other
// machines use "require": they are encrypted, but the identity of the server is not checked, so a network that is not
// yours needs verify-full. Connecting takes at most 5 seconds unless the URL sets connect_timeout.
func OpenPostgres(ctx context.Context, url string, options ...Option) (*Store, error) {
	return openPostgres(ctx, url, migrations.FS, options...)
}

func openPostgres(ctx context.Context, url string, files fs.FS, options ...Option) (*Store, error) {
	cfg, err := configPostgres(url)
	if err != nil {
		return nil, err
	}
	if err := migratePostgres(ctx, cfg, files); err != nil {
		return nil, mapStartError(err)
	}
	s, err := connectPostgres(cfg)
	if err != nil {
		return nil, err
	}
	return s.apply(options), nil
}

// OpenExistingPostgres connects to a postgres:// URL for a short task beside running nodes. Unlike OpenPostgres, it
// returns an error if the schema needs a migration.
func OpenExistingPostgres(ctx context.Context, url string) (*Store, error) {
	return openExistingPostgres(ctx, url, migrations.FS)
}

func openExistingPostgres(ctx context.Context, url string, files fs.FS) (*Store, error) {
	cfg, err := configPostgres(url)
	if err != nil {
		return nil, err
	}
	s, err := connectPostgres(cfg)
	if err != nil {
		return nil, err
	}
	if err := checkSchema(ctx, goose.DialectPostgres, files, "postgres", s.write.DB); err != nil {
		s.Close()
		return nil, mapStartError(err)
	}
	return s, nil
}

// connectPostgres returns a store for a database. It does not connect before the first query.
func connectPostgres(cfg pq.Config) (*Store, error) {
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, err
	}
	connector.Dialer(dialer{})
	conns := sql.OpenDB(stmtCacheConnector{connector})
	conns.SetMaxOpenConns(maxConns)
	conns.SetMaxIdleConns(maxConns)
	conns.SetConnMaxIdleTime(5 * time.Minute)
	pool := sqlx.NewDb(conns, "postgres")
	return &Store{reader: reader{poolQuerier{db: pool}}, read: pool, write: pool}, nil
}

func configPostgres(url string) (pq.Config, error) {
	cfg, err := pq.NewConfig(url)
	if err != nil {
		return cfg, err
	}
	settings := maps.Clone(sessionSettings)
	maps.Copy(settings, cfg.Runtime)
	cfg.Runtime = settings
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

// migratePostgres applies the migrations on a separate connection without timeouts, because a migration may take longer
// than any request. It tries again if PostgreSQL ends a migration to resolve a deadlock. A deadlock can arise because a
// migration may lock tables in another order than a running node of the previous version.
func migratePostgres(ctx context.Context, cfg pq.Config, files fs.FS) error {
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
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // try every second for five minutes
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		err := migrate(ctx, goose.DialectPostgres, files, "postgres", pool, goose.WithSessionLocker(locker))
		if !isSerializationFailure(err) || n == maxTxAttempts {
			return err
		}
	}
}
