package metrics

import (
	"context"
	"log/slog"
)

// CountLogRecords returns a handler of log records that counts warnings and errors and passes everything on.
func (m *Metrics) CountLogRecords(to slog.Handler) slog.Handler { return countingHandler{to, m} }

type countingHandler struct {
	slog.Handler
	metrics *Metrics
}

func (c countingHandler) Handle(ctx context.Context, r slog.Record) error {
	switch {
	case r.Level >= slog.LevelError:
		c.metrics.logRecords.WithLabelValues("error").Inc()
	case r.Level >= slog.LevelWarn:
		c.metrics.logRecords.WithLabelValues("warn").Inc()
	}
	return c.Handler.Handle(ctx, r)
}

func (c countingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return countingHandler{c.Handler.WithAttrs(attrs), c.metrics}
}

func (c countingHandler) WithGroup(name string) slog.Handler {
	return countingHandler{c.Handler.WithGroup(name), c.metrics}
}
