package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writeSelfSigned writes a self-signed certificate for 127.0.0.1 and its key, and returns a pool that trusts it.
func writeSelfSigned(t *testing.T, cert, key string, serial int64) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		key: {Type: "PRIVATE KEY", Bytes: secret}, cert: {Type: "CERTIFICATE", Bytes: der},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	return pool
}

// expectHTTP2 sends a request and fails the test unless the response comes over HTTP/2.
func (s *testServer) expectHTTP2(t *testing.T) {
	t.Helper()
	r, err := s.http.Get(s.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.ProtoMajor != 2 {
		t.Errorf("the response came over %s", r.Proto)
	}
}

func TestTLSWithCertificateFile(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pool := writeSelfSigned(t, cert, key, 1)
	s := startServer(t, context.Background(), "CHARLA_TLS_CERT="+cert, "CHARLA_TLS_KEY="+key)
	if !strings.HasPrefix(s.url, "https://") {
		t.Fatalf("Charla is at %s", s.url)
	}
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	s.http.Transport = transport
	s.register(t, "ana@example.org")
	s.expectHTTP2(t)
	stream := s.openStream(t)
	stream.readUntil(t, "online-count")
	s.stop()
	stream.readUntil(t, "event: restart\nretry: ")
	stream.expectEnd(t)
	if code := <-s.exitCode; code != 0 {
		t.Errorf("exit code %d, log:\n%s", code, s.stderr)
	}
}

// TestCipherSuites tries each cipher suite of TLS 1.2 that Go knows. Only those without CBC may be accepted.
func TestCipherSuites(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pool := writeSelfSigned(t, cert, key, 1)
	s := startServer(t, context.Background(), "CHARLA_TLS_CERT="+cert, "CHARLA_TLS_KEY="+key)
	address := strings.TrimPrefix(s.url, "https://")
	connect := func(settings *tls.Config) error {
		settings.RootCAs = pool
		conn, err := tls.Dial("tcp", address, settings)
		if err == nil {
			conn.Close()
		}
		return err
	}
	accepted := 0
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		settings := &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID}}
		isCBC := !strings.Contains(suite.Name, "GCM") && !strings.Contains(suite.Name, "POLY1305")
		if connect(settings) == nil {
			accepted++
			if isCBC {
				t.Errorf("%s is accepted", suite.Name)
			}
		}
	}
	if accepted != 3 { // those for the key of the certificate, which is ECDSA
		t.Errorf("%d cipher suites of TLS 1.2 are accepted", accepted)
	}
	if err := connect(&tls.Config{MinVersion: tls.VersionTLS13}); err != nil {
		t.Errorf("TLS 1.3: %v", err)
	}
	if connect(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}) == nil {
		t.Error("TLS 1.1 is accepted")
	}
}

func TestCertificateFileIsReloaded(t *testing.T) {
	dir := t.TempDir()
	c := &certificateFile{certPath: filepath.Join(dir, "cert.pem"), keyPath: filepath.Join(dir, "key.pem")}
	serial := func() int64 {
		t.Helper()
		pair, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.SerialNumber.Int64()
	}
	if _, err := c.get(nil); err == nil {
		t.Error("get returned no error without a file")
	}
	writeSelfSigned(t, c.certPath, c.keyPath, 1)
	for range 2 {
		if serial() != 1 {
			t.Error("get did not return the first certificate")
		}
	}
	writeSelfSigned(t, c.certPath, c.keyPath, 2)
	os.Chtimes(c.certPath, time.Time{}, time.Now().Add(time.Minute))
	if serial() != 2 {
		t.Error("get did not return the second certificate")
	}
	os.WriteFile(c.certPath, []byte("half"), 0o600)
	if serial() != 2 {
		t.Error("get did not keep the certificate while its file was incomplete")
	}
}
