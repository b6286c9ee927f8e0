package files

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

// remote is an object in S3. What was not read is not fetched: it asks anew where reading goes on at another place.
type remote struct {
	fetch    func(from int64) (io.ReadCloser, minio.ObjectInfo, error)
	body     io.ReadCloser // what comes from bodyAt on; nil before it is asked for
	bodyAt   int64
	at, size int64
}

func (r *remote) Read(p []byte) (int, error) {
	if r.at >= r.size {
		return 0, io.EOF
	}
	if err := r.follow(); err != nil {
		return 0, err
	}
	n, err := r.body.Read(p)
	r.at += int64(n)
	r.bodyAt = r.at
	switch {
	case err == nil || errors.Is(err, io.EOF) && r.at == r.size:
		return n, nil
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return n, chat.VaultAway(err)
}

// follow makes the body that of the place to read at.
func (r *remote) follow() error {
	if r.body != nil && r.bodyAt == r.at {
		return nil
	}
	r.Close()
	body, _, err := r.fetch(r.at)
	if err != nil {
		return err
	}
	r.body, r.bodyAt = body, r.at
	return nil
}

func (r *remote) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, errors.New("a place before the beginning")
	}
	r.at = offset
	return offset, nil
}

func (r *remote) Close() error {
	if r.body == nil {
		return nil
	}
	body := r.body
	r.body = nil
	return body.Close()
}

// stalled is how long S3 may be silent before it is given up.
var stalled = 10 * time.Second

// newTransport gives up what is silent: contexts would also end what is slow and long.
func newTransport() *http.Transport {
	dialer, silence := net.Dialer{Timeout: stalled / 2}, stalled
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &impatient{conn, silence}, nil
		},
		Proxy:                 http.ProxyFromEnvironment,
		TLSHandshakeTimeout:   silence,
		ResponseHeaderTimeout: silence,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       silence / 2, // an idle connection is silent too
		DisableCompression:    true,
	}
}

// impatient is a connection that breaks when nothing moves on it, in either direction, for so long.
type impatient struct {
	net.Conn
	silence time.Duration
}

func (c *impatient) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write holds a read back too that waits for the answer meanwhile.
func (c *impatient) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
