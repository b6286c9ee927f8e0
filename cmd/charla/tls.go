package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// acmeClient gives certificates; nil is Let's Encrypt. Tests ask one of their own.
var acmeClient *acme.Client

// withTLS ends TLS on a listener, if it is to end here. HTTP/2 comes with it.
func withTLS(c config, l net.Listener) (net.Listener, error) {
	var settings *tls.Config
	switch {
	case c.tls.domain != "":
		manager := &autocert.Manager{
			Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(c.tls.domain), Cache: autocert.DirCache(filepath.Join(c.data, "certificates")), Client: acmeClient,
		}
		settings = manager.TLSConfig() // proves the domain on this very port: tls-alpn-01
	case c.tls.certFile != "":
		own := &certificateFile{certPath: c.tls.certFile, keyPath: c.tls.keyFile}
		if _, err := own.get(nil); err != nil {
			return nil, fmt.Errorf("CHARLA_TLS_CERT: %w", err)
		}
		settings = &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: own.get}
	default:
		return l, nil
	}
	watch := &certificateMonitor{domain: c.tls.domain, next: settings.GetCertificate}
	settings.GetCertificate = watch.getCertificate
	return tls.NewListener(l, settings), nil
}

// certificateMonitor says in the log what visitors see as a broken connection: that no certificate can be had, or that one runs out.
type certificateMonitor struct {
	domain string // of fetched ones
	next   func(*tls.ClientHelloInfo) (*tls.Certificate, error)

	mu         sync.Mutex // guards shouted
	lastLogged time.Time
}

// getCertificate is for tls.Config. Who comes for another name than the domain is a scanner, and not told of.
func (w *certificateMonitor) getCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	got, err := w.next(hello)
	switch {
	case err != nil && strings.EqualFold(hello.ServerName, w.domain):
		slog.Warn("no certificate", "domain", w.domain, "error", err)
	case err == nil && got.Leaf != nil && expiresSoon(got.Leaf, time.Now()):
		w.warnExpiry(got.Leaf)
	}
	return got, err
}

// warnExpiry is for each hour.
func (w *certificateMonitor) warnExpiry(leaf *x509.Certificate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.lastLogged) >= time.Hour {
		w.lastLogged = time.Now()
		slog.Warn("the certificate runs out and was not renewed", "until", leaf.NotAfter)
	}
}

// expiresSoon tells whether a certificate should have been renewed: what is fetched is, when a third of its time is left.
func expiresSoon(leaf *x509.Certificate, now time.Time) bool {
	return leaf.NotAfter.Sub(now) < min(leaf.NotAfter.Sub(leaf.NotBefore)/4, 21*24*time.Hour)
}

// getCertificate is one of one's own. It is read again when its file changed: certificates run out.
type certificateFile struct {
	certPath, keyPath string

	mu      sync.Mutex // guards all below
	modTime time.Time
	loaded  *tls.Certificate
}

func (c *certificateFile) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.certPath)
	if err == nil && c.loaded != nil && info.ModTime().Equal(c.modTime) {
		return c.loaded, nil
	}
	pair, err := tls.LoadX509KeyPair(c.certPath, c.keyPath)
	if err != nil && c.loaded != nil {
		return c.loaded, nil // half-way through being changed
	}
	if err != nil {
		return nil, err
	}
	c.loaded, c.modTime = &pair, info.ModTime()
	return c.loaded, nil
}
