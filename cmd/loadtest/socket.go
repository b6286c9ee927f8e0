//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"syscall"
)

// sourceAddresses is how many loopback addresses the streams come from: one has 28,000 ports, and a server that counts
// by address should not see one.
const sourceAddresses = 50

// bindAddressNoPort is IP_BIND_ADDRESS_NO_PORT of Linux: the port is chosen at connect, where it may be shared between
// destinations.
const bindAddressNoPort = 24

// dial opens a socket from source number i, sends a request and returns the descriptor, which does not block.
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
	syscall.SetsockoptInt(fd, syscall.IPPROTO_IP, bindAddressNoPort, 1) // an old kernel lacks it and needs nothing
	if err := syscall.Bind(fd, source); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if _, err := syscall.Write(fd, []byte(request)); err != nil { // short enough for the empty buffer of a socket
		return fmt.Errorf("write: %w", err)
	}
	return syscall.SetNonblock(fd, true)
}

// spareFiles is what a program needs besides its streams.
const spareFiles = 200

// raiseFileLimit raises the limit of open files of this process.
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
		return fmt.Errorf("%d streams need as many open files (ulimit -n): %w", streams, err)
	}
	return nil
}
