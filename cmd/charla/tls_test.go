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

// writeSelfSigned writes a certificate for this machine, and its key, and returns who believes it.
func writeSelfSigned(t *testing.T, cert, key string, serial int64) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{key: {Type: "PRIVATE KEY", Bytes: secret}, cert: {Type: "CERTIFICATE", Bytes: der}} {
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

// expectHTTP2 asks for something.
func (p *testServer) expectHTTP2(t *testing.T) {
	t.Helper()
	r, err := p.http.Get(p.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.ProtoMajor != 2 {
		t.Errorf("got %s", r.Proto)
	}
}

func TestTLSWithCertificateFile(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pool := writeSelfSigned(t, cert, key, 1)
	p := startServer(t, context.Background(), "CHARLA_TLS_CERT="+cert, "CHARLA_TLS_KEY="+key)
	if !strings.HasPrefix(p.url, "https://") {
		t.Fatalf("Charla is at %s", p.url)
	}
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	p.http.Transport = transport
	p.register(t, "ana@example.org")
	p.expectHTTP2(t)
	stream := p.openStream(t)
	stream.readUntil(t, "online-count")
	p.stop()
	stream.readUntil(t, "event: restart\nretry: ")
	stream.expectEnd(t)
	if code := <-p.exitCode; code != 0 {
		t.Errorf("exit %d\n%s", code, p.stderr)
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
		t.Error("a certificate out of nothing")
	}
	writeSelfSigned(t, c.certPath, c.keyPath, 1)
	for range 2 {
		if serial() != 1 {
			t.Error("not the first")
		}
	}
	writeSelfSigned(t, c.certPath, c.keyPath, 2)
	os.Chtimes(c.certPath, time.Time{}, time.Now().Add(time.Minute))
	if serial() != 2 {
		t.Error("not the second")
	}
	os.WriteFile(c.certPath, []byte("half"), 0o600)
	if serial() != 2 {
		t.Error("half a certificate took over")
	}
}
