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

// s3Reader reads an object from S3 and can seek. After a seek it requests the object again, beginning at the new
// offset, and thus does not download the bytes in between.
type s3Reader struct {
	fetch        func(offset int64) (io.ReadCloser, minio.ObjectInfo, error)
	body         io.ReadCloser // the current response; nil if there is none
	bodyOffset   int64         // of the next byte of body
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
	if err == nil || errors.Is(err, io.EOF) && r.offset == r.size {
		return n, nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, chat.StorageUnavailable(err)
}

// ensureBody makes sure that the next read of r.body returns the byte at r.offset. It requests the object again if
// necessary.
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
		return 0, errors.New("seek to a negative offset")
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

// idleTimeout is the time after which a connection to S3 is closed if it transfers nothing. Tests shorten it.
var idleTimeout = 10 * time.Second

// newTransport returns an HTTP transport that closes a connection that transfers nothing for idleTimeout. It sets no
// deadline for a whole request, because that would also end transfers that are slow but make progress.
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
		IdleConnTimeout:       timeout / 2, // less than the timeout of the connection itself
		DisableCompression:    true,
	}
}

// idleTimeoutConn is a connection that fails if it transfers nothing in either direction for idleTimeout.
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

// Write sends bytes to the server. It also extends the read deadline: while a request is being sent, the read that
// waits for the response cannot make progress and must not time out.
func (c *idleTimeoutConn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
