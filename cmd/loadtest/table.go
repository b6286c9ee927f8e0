//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// row is one line of the table. If ratio is true, the line also shows the value of Charla divided by the value of each
// reference server.
type row struct {
	name   string
	format string
	ratio  bool
	value  func(r result) float64
}

// values returns what the row measures of one server, once per run. column is the position of the server in the results
// of a run.
func (line row) values(runs [][]result, column int) (values []float64) {
	for _, results := range runs {
		values = append(values, line.value(results[column]))
	}
	return values
}

// ratios returns the value of Charla divided by that of the server in another column, for each run in which that value
// is not 0.
func (line row) ratios(runs [][]result, column int) (ratios []float64) {
	for _, results := range runs {
		if reference := line.value(results[column]); reference > 0 {
			ratios = append(ratios, line.value(results[0])/reference)
		}
	}
	return ratios
}

// median returns the middle one of some values, or the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
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

func duePercentile99(r result) float64 { return milliseconds(percentile(r.sinceDue, 0.99)) }

func cpuPerMessage(r result) float64 { return micros(r.cpu, int64(r.posts.count)) }

func cpuPerDelivery(r result) float64 { return micros(r.cpu, r.deliveries) }

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
	{"p99 from the due moment, ms", "%.2f", true, duePercentile99},
	{"CPU per message, µs", "%.0f", true, cpuPerMessage},
	{"CPU per delivery, µs", "%.2f", true, cpuPerDelivery},
	{"the same until the last, µs", "%.2f", true, func(r result) float64 { return micros(r.cpuToLast, r.deliveries) }},
	{"write(2) per delivery", "%.2f", true, func(r result) float64 { return perDelivery(r, r.writes) }},
	{"load program's own, µs", "%.2f", false, func(r result) float64 { return micros(r.ownCPU, r.deliveries) }},
}

// spreadRows show how much the runs differ. They have names of their own, so that no program takes them for the row
// with the medians.
var spreadRows = []row{
	{"spread of p50, ms", "%.2f", true, latencyPercentile(0.50)},
	{"spread of p99, ms", "%.2f", true, latencyPercentile(0.99)},
	{"spread of p99 when due, ms", "%.2f", true, duePercentile99},
	{"spread of the message's CPU, µs", "%.0f", true, cpuPerMessage},
	{"spread of the delivery's CPU, µs", "%.2f", true, cpuPerDelivery},
}

// printTable prints a table with a column for Charla and, for each reference server, a column and a column of ratios.
// The values are medians of all runs. After several runs, more rows show the lowest and the highest value.
func printTable(w io.Writer, runs [][]result) {
	fmt.Fprintf(w, "%-33s", "")
	for column, r := range runs[0] {
		fmt.Fprintf(w, "%13s", r.name)
		if column > 0 {
			fmt.Fprintf(w, "%13s", "ratio")
		}
	}
	fmt.Fprintln(w)
	posted := len(runs[0][0].posts.acknowledged) > 0
	for _, line := range streamRows {
		line.print(w, runs)
	}
	if !posted {
		return
	}
	for _, line := range messageRows {
		line.print(w, runs)
	}
	if len(runs) > 1 {
		for _, line := range spreadRows {
			line.printSpread(w, runs)
		}
	}
}

// print prints the medians of the row.
func (line row) print(w io.Writer, runs [][]result) {
	fmt.Fprintf(w, "%-33s", line.name)
	for column := range runs[0] {
		fmt.Fprintf(w, "%13s", fmt.Sprintf(line.format, median(line.values(runs, column))))
		if column == 0 {
			continue
		}
		ratio := ""
		if ratios := line.ratios(runs, column); line.ratio && len(ratios) > 0 {
			ratio = fmt.Sprintf("×%.2f", median(ratios))
		}
		fmt.Fprintf(w, "%13s", ratio)
	}
	fmt.Fprintln(w)
}

// printSpread prints the lowest and the highest values of the row.
func (line row) printSpread(w io.Writer, runs [][]result) {
	spread := func(format string, values []float64) string {
		if len(values) == 0 {
			return ""
		}
		return fmt.Sprintf(format+"-"+format, slices.Min(values), slices.Max(values))
	}
	fmt.Fprintf(w, "%-33s", line.name)
	for column := range runs[0] {
		fmt.Fprintf(w, "%13s", spread(line.format, line.values(runs, column)))
		if column > 0 {
			fmt.Fprintf(w, "%13s", spread("%.2f", line.ratios(runs, column)))
		}
	}
	fmt.Fprintln(w)
}
