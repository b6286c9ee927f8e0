//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"syscall"
)

// sourceAddresses is the number of loopback addresses from which streams are opened. One address has only 28,000 ports.
// Besides, a server may limit the connections of one address.
const sourceAddresses = 50

// bindAddressNoPort is IP_BIND_ADDRESS_NO_PORT on Linux. With this option the kernel chooses the local port only when
// the socket connects, so that connections to different servers may use the same port.
const bindAddressNoPort = 24

// dial connects to a server, sends a request and returns the non-blocking file descriptor of the socket. The connection
// comes from the source address with index i.
func dial(to netip.AddrPort, i int, request string) (fd int, err error) {
	fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := connect(fd, to, i, request); err != nil {
		syscall.Close(fd)
		return 0, err
	}
	return fd, nil
}

func connect(fd int, to netip.AddrPort, i int, request string) error {
	source := &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, byte(2 + i%sourceAddresses)}}
	syscall.SetsockoptInt(fd, syscall.IPPROTO_IP, bindAddressNoPort, 1) // an old kernel does not know this option
	if err := syscall.Bind(fd, source); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if _, err := syscall.Write(fd, []byte(request)); err != nil { // it fits into the empty buffer of the socket
		return fmt.Errorf("write: %w", err)
	}
	return syscall.SetNonblock(fd, true)
}

// spareFiles is the number of files that the program opens besides the streams.
const spareFiles = 200

// raiseFileLimit raises this process's limit of open files so that the given number of streams can be open.
func raiseFileLimit(streams int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	need := uint64(streams + spareFiles)
	if limit.Cur >= need {
		return nil
	}
	limit.Cur, limit.Max = need, max(limit.Max, need)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("cannot open %d files (ulimit -n): %w", streams, err)
	}
	return nil
}
