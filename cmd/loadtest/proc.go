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

// processUsage holds the CPU time, memory and system calls that a process has used since its start.
type processUsage struct {
	cpu      time.Duration // in user and kernel mode since its start, in steps of clockTick
	resident int           // KB
	writes   int64         // calls of write(2), for sockets and files; 0 if /proc does not contain it
}

// clockTick is the unit of CPU times in /proc. It is 10 ms on all architectures that Go supports.
const clockTick = 10 * time.Millisecond

func readUsage(pid int) (u processUsage, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, err
	}
	// The name of the program, in parentheses, may contain any character. Fields 14 and 15 are utime and stime, see
	// proc(5).
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return u, errors.New("/proc/PID/stat has too few fields")
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

// A server counts as idle if it uses less than idleShare of a processor core for idleWindow.
const (
	idleShare   = 0.05
	idleWindow  = 1200 * time.Millisecond // longer than the second by which Charla delays unread counts
	idleTimeout = 20 * time.Second        // after this time the measurement continues although the server is not idle
)

// waitForIdle waits until the process uses almost no CPU time, but at most idleTimeout. It returns the resources that
// the process has used since its start.
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

// serverPID returns the process id that was passed with -pid. Without -pid, it returns the id of the process that
// listens at the server's address.
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
	return 0, fmt.Errorf("cannot find the process that listens at %s: use -pid", p.addr)
}

// listenerInode returns the inode number of the socket that listens at an address. It reads the kernel's tables of
// sockets in /proc, which contain addresses in hexadecimal and in the machine's byte order.
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
	return "", fmt.Errorf("no server listens at %s", at)
}

// loadAverage returns the load average of the machine over one minute.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
