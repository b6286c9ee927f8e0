//go:build unix

package live

import "syscall"

// tryWrite writes what a nonblocking descriptor takes now.
func tryWrite(fd uintptr, b []byte) int {
	n, err := syscall.Write(int(fd), b)
	if err != nil {
		return 0
	}
	return n
}
