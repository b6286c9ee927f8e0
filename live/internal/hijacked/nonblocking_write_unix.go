//go:build unix

package hijacked

import "syscall"

// writeNonblocking writes as many bytes of b as a nonblocking descriptor accepts now and returns their number.
func writeNonblocking(fd uintptr, b []byte) int {
	n, err := syscall.Write(int(fd), b)
	if err != nil {
		return 0
	}
	return n
}
