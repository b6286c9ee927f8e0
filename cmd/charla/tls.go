package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/crypto/acme/autocert"
)

// secure ends TLS on a listener, if it is to end here. HTTP/2 comes with it.
func secure(c config, l net.Listener) (net.Listener, error) {
	switch {
	case c.tls.domain != "":
		manager := &autocert.Manager{
			Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(c.tls.domain), Cache: autocert.DirCache(filepath.Join(c.data, "certificates")),
		}
		return tls.NewListener(l, manager.TLSConfig()), nil // proves the domain on this very port: tls-alpn-01
	case c.tls.cert != "":
		own := &certificate{cert: c.tls.cert, key: c.tls.key}
		if _, err := own.get(nil); err != nil {
			return nil, fmt.Errorf("CHARLA_TLS_CERT: %w", err)
		}
		return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: own.get}), nil
	default:
		return l, nil
	}
}

// certificate is one of one's own. It is read again when its file changed: certificates run out.
type certificate struct {
	cert, key string

	mu      sync.Mutex // guards all below
	changed time.Time
	loaded  *tls.Certificate
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.cert)
	if err == nil && c.loaded != nil && info.ModTime().Equal(c.changed) {
		return c.loaded, nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil && c.loaded != nil {
		return c.loaded, nil // half-way through being changed
	}
	if err != nil {
		return nil, err
	}
	c.loaded, c.changed = &pair, info.ModTime()
	return c.loaded, nil
}
