package storage

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"charla/chat"
)

// openS3 is an object in S3. What was not read is not fetched: it asks anew where reading goes on at another place.
type s3Reader struct {
	fetch        func(from int64) (io.ReadCloser, minio.ObjectInfo, error)
	body         io.ReadCloser // what comes from bodyOffset on; nil before it is asked for
	bodyOffset   int64
	offset, size int64
}

func (r *s3Reader) Read(p []byte) (int, error) {
	if r.offset >= r.size {
		return 0, io.EOF
	}
	if err := r.ensureBody(); err != nil {
		return 0, err
	}
	n, err := r.body.Read(p)
	r.offset += int64(n)
	r.bodyOffset = r.offset
	switch {
	case err == nil || errors.Is(err, io.EOF) && r.offset == r.size:
		return n, nil
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return n, chat.StorageUnavailable(err)
}

// ensureBody makes the body that of the place to read at.
func (r *s3Reader) ensureBody() error {
	if r.body != nil && r.bodyOffset == r.offset {
		return nil
	}
	r.Close()
	body, _, err := r.fetch(r.offset)
	if err != nil {
		return err
	}
	r.body, r.bodyOffset = body, r.offset
	return nil
}

func (r *s3Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.offset
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, errors.New("a place before the beginning")
	}
	r.offset = offset
	return offset, nil
}

func (r *s3Reader) Close() error {
	if r.body == nil {
		return nil
	}
	body := r.body
	r.body = nil
	return body.Close()
}

// idleTimeout is how long S3 may be silent before it is given up.
var idleTimeout = 10 * time.Second

// newTransport gives up what is silent: contexts would also end what is slow and long.
func newTransport() *http.Transport {
	dialer, timeout := net.Dialer{Timeout: idleTimeout / 2}, idleTimeout
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &idleTimeoutConn{conn, timeout}, nil
		},
		Proxy:                 http.ProxyFromEnvironment,
		TLSHandshakeTimeout:   timeout,
		ResponseHeaderTimeout: timeout,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       timeout / 2, // an idle connection is silent too
		DisableCompression:    true,
	}
}

// idleTimeoutConn is a connection that breaks when nothing moves on it, in either direction, for so long.
type idleTimeoutConn struct {
	net.Conn
	timeout time.Duration
}

func (c *idleTimeoutConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write holds a read back too that waits for the answer meanwhile.
func (c *idleTimeoutConn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
