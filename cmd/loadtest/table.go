//go:build linux

package main

import (
	"fmt"
	"io"
	"time"
)

// row is one line of the table. If ratio is true, the line also shows the value of Charla divided by the value of the
// reference server.
type row struct {
	name   string
	format string
	ratio  bool
	value  func(r result) float64
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// micros returns the duration d divided by n, in microseconds.
func micros(d time.Duration, n int64) float64 {
	return float64(d) / float64(time.Microsecond) / float64(max(n, 1))
}

func postsPerSecond(r result) float64 { return float64(r.posts.count) / r.posts.elapsed.Seconds() }

// perDelivery returns n divided by the number of deliveries in r.
func perDelivery(r result, n int64) float64 { return float64(n) / float64(max(r.deliveries, 1)) }

func latencyPercentile(share float64) func(result) float64 {
	return func(r result) float64 { return milliseconds(percentile(r.latencies, share)) }
}

var streamRows = []row{
	{"streams open", "%.0f", false, func(r result) float64 { return float64(r.streams) }},
	{"all open after, ms", "%.0f", true, func(r result) float64 { return milliseconds(r.openTime) }},
	{"resident at rest, MB", "%.1f", false, func(r result) float64 { return float64(r.restingRSS) / 1024 }},
	{"resident per stream, KB", "%.1f", true, func(r result) float64 { return r.rssPerStream }},
	{"idle, % of a core", "%.2f", false, func(r result) float64 { return 100 * r.idleCPU }},
}

var messageRows = []row{
	{"messages acknowledged", "%.0f", false, func(r result) float64 { return float64(r.posts.count) }},
	{"posts a second", "%.0f", false, postsPerSecond},
	{"posts late by at most, ms", "%.1f", false, func(r result) float64 { return milliseconds(r.posts.maxDelay) }},
	{"deliveries", "%.0f", false, func(r result) float64 { return float64(r.deliveries) }},
	{"missing", "%.0f", false, func(r result) float64 { return float64(r.missing) }},
	{"doubled", "%.0f", false, func(r result) float64 { return float64(r.duplicates) }},
	{"streams cut", "%.0f", false, func(r result) float64 { return float64(r.disconnected) }},
	{"bytes per delivery", "%.0f", false, func(r result) float64 { return perDelivery(r, r.bytes) }},
	{"first POST to last delivery, ms", "%.0f", true, func(r result) float64 { return milliseconds(r.deliveryTime) }},
	{"latency p50, ms", "%.2f", true, latencyPercentile(0.50)},
	{"latency p90, ms", "%.2f", true, latencyPercentile(0.90)},
	{"latency p99, ms", "%.2f", true, latencyPercentile(0.99)},
	{"latency max, ms", "%.2f", true, latencyPercentile(1)},
	{"CPU per message, µs", "%.0f", true, func(r result) float64 { return micros(r.cpu, int64(r.posts.count)) }},
	{"CPU per delivery, µs", "%.2f", true, func(r result) float64 { return micros(r.cpu, r.deliveries) }},
	{"the same until the last, µs", "%.2f", true, func(r result) float64 { return micros(r.cpuToLast, r.deliveries) }},
	{"write(2) per delivery", "%.2f", true, func(r result) float64 { return perDelivery(r, r.writes) }},
	{"load program's own, µs", "%.2f", false, func(r result) float64 { return micros(r.ownCPU, r.deliveries) }},
}

// printTable prints a table with a column for each result. If there are two results, another column shows the ratio of
// the first to the second.
func printTable(w io.Writer, results []result) {
	fmt.Fprintf(w, "%-33s", "")
	for _, r := range results {
		fmt.Fprintf(w, "%11s", r.name)
	}
	if len(results) == 2 {
		fmt.Fprintf(w, "%8s", "ratio")
	}
	fmt.Fprintln(w)
	rows := streamRows
	if len(results[0].posts.acknowledged) > 0 {
		rows = append(rows[:len(rows):len(rows)], messageRows...)
	}
	for _, line := range rows {
		line.print(w, results)
	}
}

func (line row) print(w io.Writer, results []result) {
	fmt.Fprintf(w, "%-33s", line.name)
	for _, r := range results {
		fmt.Fprintf(w, "%11s", fmt.Sprintf(line.format, line.value(r)))
	}
	if line.ratio && len(results) == 2 && line.value(results[1]) > 0 {
		fmt.Fprintf(w, "%8s", fmt.Sprintf("×%.2f", line.value(results[0])/line.value(results[1])))
	}
	fmt.Fprintln(w)
}
