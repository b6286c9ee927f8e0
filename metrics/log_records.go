package metrics

import (
	"context"
	"log/slog"
)

// CountLogRecords returns a slog.Handler that counts warnings and errors and passes all records to another handler.
func (m *Metrics) CountLogRecords(to slog.Handler) slog.Handler { return countingHandler{to, m} }

// countingHandler is the handler that CountLogRecords returns.
type countingHandler struct {
	slog.Handler
	metrics *Metrics
}

// Handle implements slog.Handler. It counts a warning or an error, and passes every record on.
func (c countingHandler) Handle(ctx context.Context, r slog.Record) error {
	switch {
	case r.Level >= slog.LevelError:
		c.metrics.logRecords.WithLabelValues("error").Inc()
	case r.Level >= slog.LevelWarn:
		c.metrics.logRecords.WithLabelValues("warn").Inc()
	}
	return c.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (c countingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return countingHandler{c.Handler.WithAttrs(attrs), c.metrics}
}

// WithGroup implements slog.Handler.
func (c countingHandler) WithGroup(name string) slog.Handler {
	return countingHandler{c.Handler.WithGroup(name), c.metrics}
}
