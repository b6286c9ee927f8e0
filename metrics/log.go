package metrics

import (
	"context"
	"log/slog"
)

// CountLog returns a handler of log records that counts warnings and errors and passes everything on.
func (m *Metrics) CountLog(to slog.Handler) slog.Handler { return counted{to, m} }

type counted struct {
	slog.Handler
	metrics *Metrics
}

func (c counted) Handle(ctx context.Context, r slog.Record) error {
	switch {
	case r.Level >= slog.LevelError:
		c.metrics.records.WithLabelValues("error").Inc()
	case r.Level >= slog.LevelWarn:
		c.metrics.records.WithLabelValues("warn").Inc()
	}
	return c.Handler.Handle(ctx, r)
}

func (c counted) WithAttrs(attrs []slog.Attr) slog.Handler {
	return counted{c.Handler.WithAttrs(attrs), c.metrics}
}

func (c counted) WithGroup(name string) slog.Handler {
	return counted{c.Handler.WithGroup(name), c.metrics}
}
