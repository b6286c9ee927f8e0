//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// processUsage is what a process has used.
type processUsage struct {
	cpu      time.Duration // in user and kernel mode since its start, in steps of 10 ms
	resident int           // KB
	writes   int64         // calls of write(2), to sockets and files; 0 where /proc does not tell
}

// clockTick is the unit of processor times in /proc: Linux shows programs 100 a second on every machine that Go runs on.
const clockTick = 10 * time.Millisecond

func readUsage(pid int) (u processUsage, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, err
	}
	// The name of the program, in parentheses, may hold anything. After it field 14 is utime and 15 is stime, by proc(5).
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return u, errors.New("/proc is not as proc(5) tells")
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	u.cpu = time.Duration(user+system) * clockTick
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, err
	}
	if _, rest, ok := strings.Cut(string(status), "VmRSS:"); ok {
		_, err = fmt.Sscan(rest, &u.resident)
	}
	calls, _ := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if _, rest, ok := strings.Cut(string(calls), "syscw: "); ok {
		fmt.Sscan(rest, &u.writes)
	}
	return u, err
}

// A server is quiet when it uses less than this share of a core for a while.
const (
	idleShare   = 0.05
	idleWindow  = 1200 * time.Millisecond // Charla tells unread counts a second late
	idleTimeout = 20 * time.Second        // at most
)

// waitForIdle waits until the server has done what there was to do, and returns what it has used.
func waitForIdle(pid int) (processUsage, error) {
	last, err := readUsage(pid)
	for deadline := time.Now().Add(idleTimeout); err == nil && time.Now().Before(deadline); {
		time.Sleep(idleWindow)
		var now processUsage
		if now, err = readUsage(pid); now.cpu-last.cpu < time.Duration(idleShare*float64(idleWindow)) {
			return now, err
		}
		last = now
	}
	return last, err
}

// serverPID is the process that was named, or that listens at the address.
func serverPID(p plan) (int, error) {
	if p.pid != 0 {
		return p.pid, nil
	}
	inode, err := listenerInode(p.addr)
	if err != nil {
		return 0, err
	}
	descriptors, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, d := range descriptors {
		if to, err := os.Readlink(d); err == nil && to == "socket:["+inode+"]" {
			return strconv.Atoi(strings.Split(d, "/")[2])
		}
	}
	return 0, fmt.Errorf("the process that listens at %s cannot be seen: give its -pid", p.addr)
}

// listenerInode finds a listening socket in the kernel's tables, which show addresses as hexadecimal words of the
// machine's own order.
func listenerInode(at netip.AddrPort) (string, error) {
	ip := at.Addr().As4()
	port := fmt.Sprintf(":%04X", at.Port())
	own := fmt.Sprintf("%08X", binary.NativeEndian.Uint32(ip[:])) + port
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		file, err := os.Open(table)
		if err != nil {
			continue
		}
		defer file.Close()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			f := strings.Fields(lines.Text())
			const listening = "0A"
			if len(f) > 9 && f[3] == listening && (f[1] == own || strings.Trim(f[1], "0") == strings.Trim(port, "0")) {
				return f[9], nil
			}
		}
	}
	return "", fmt.Errorf("nobody listens at %s", at)
}

// loadAverage is what else the machine does: the running average of one minute.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
