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

// acmeClient is the client that requests certificates. If it is nil, certificates come from Let's Encrypt. Tests set it
// to use a server of their own.
var acmeClient *acme.Client

// cipherSuites are the cipher suites of TLS 1.2: those with forward secrecy and authenticated encryption. Go would also
// allow suites with CBC, which audits flag. Every client that knows TLS 1.2 and is not older than 2014 supports one of
// these. TLS 1.3 has suites of its own, which are all of this kind.
var cipherSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// withTLS returns a listener that accepts TLS connections from l, including HTTP/2. It returns l itself if no
// certificate is configured. With a domain it begins to request the certificate at once. The ACME server connects to l
// meanwhile, and gets its answer as soon as the caller accepts connections.
func withTLS(c config, l net.Listener) (net.Listener, error) {
	var settings *tls.Config
	switch {
	case c.tls.domain != "":
		manager := &autocert.Manager{
			Prompt:     autocert.AcceptTOS,
			HostPolicy: autocert.HostWhitelist(c.tls.domain),
			Cache:      autocert.DirCache(filepath.Join(c.data, "certificates")),
			Client:     acmeClient,
		}
		settings = manager.TLSConfig() // proves control of the domain on the same port (tls-alpn-01)
		settings.MinVersion, settings.CipherSuites = tls.VersionTLS12, cipherSuites
	case c.tls.certFile != "":
		file := &certificateFile{certPath: c.tls.certFile, keyPath: c.tls.keyFile}
		if _, err := file.get(nil); err != nil {
			return nil, fmt.Errorf("CHARLA_TLS_CERT: %w", err)
		}
		settings = &tls.Config{
			MinVersion: tls.VersionTLS12, CipherSuites: cipherSuites,
			NextProtos: []string{"h2", "http/1.1"}, GetCertificate: file.get,
		}
	default:
		return l, nil
	}
	monitor := &certificateMonitor{domain: c.tls.domain, next: settings.GetCertificate}
	settings.GetCertificate = monitor.getCertificate
	if c.tls.domain != "" {
		// The connection of a first visitor would time out before the certificate arrives.
		go monitor.getCertificate(&tls.ClientHelloInfo{ServerName: c.tls.domain, CipherSuites: cipherSuites})
	}
	return tls.NewListener(l, settings), nil
}

// certificateMonitor logs when a certificate is missing or expires soon. Otherwise nobody would notice before the
// connections of users fail.
type certificateMonitor struct {
	domain string // of certificates from ACME
	next   func(*tls.ClientHelloInfo) (*tls.Certificate, error)

	mu         sync.Mutex // guards lastLogged
	lastLogged time.Time
}

// getCertificate implements tls.Config.GetCertificate and logs failures. It does not log requests for names other than
// the configured domain, because those come from scanners.
func (m *certificateMonitor) getCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	certificate, err := m.next(hello)
	switch {
	case err != nil && strings.EqualFold(hello.ServerName, m.domain):
		slog.Warn("get certificate failed", "domain", m.domain, "error", err)
	case err == nil && certificate.Leaf != nil && expiresSoon(certificate.Leaf, time.Now()):
		m.warnExpiry(certificate.Leaf)
	}
	return certificate, err
}

// warnExpiry logs, at most once an hour, that a certificate expires soon.
func (m *certificateMonitor) warnExpiry(leaf *x509.Certificate) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.lastLogged) < time.Hour {
		return
	}
	m.lastLogged = time.Now()
	slog.Warn("certificate expires soon and was not renewed", "until", leaf.NotAfter)
}

// expiresSoon reports whether a certificate should already have been renewed. ACME certificates are renewed when a
// third of their validity is left. Less than a quarter therefore means that the renewal failed. Certificates with a
// long validity expire soon when less than three weeks are left.
func expiresSoon(leaf *x509.Certificate, now time.Time) bool {
	validity := leaf.NotAfter.Sub(leaf.NotBefore)
	return leaf.NotAfter.Sub(now) < min(validity/4, 21*24*time.Hour)
}

// certificateFile is a certificate that the operator provides as files. It is loaded again when the files have changed.
type certificateFile struct {
	certPath, keyPath string

	mu      sync.Mutex // guards the fields below
	modTime time.Time
	loaded  *tls.Certificate
}

// get implements tls.Config.GetCertificate. If the certificate does not match the key, it returns the previous
// certificate, because the operator may be replacing the files at this moment.
func (f *certificateFile) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.certPath)
	if err == nil && f.loaded != nil && info.ModTime().Equal(f.modTime) {
		return f.loaded, nil
	}
	pair, err := tls.LoadX509KeyPair(f.certPath, f.keyPath)
	if err != nil && f.loaded != nil {
		return f.loaded, nil
	}
	if err != nil {
		return nil, err
	}
	f.loaded, f.modTime = &pair, info.ModTime()
	return f.loaded, nil
}
