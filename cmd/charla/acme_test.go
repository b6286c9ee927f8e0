package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/net/dns/dnsmessage"
)

const domain = "chat.example.test"

// acmeServer is Pebble, a real ACME server for tests. Every domain name resolves to this machine for it.
type acmeServer struct {
	directoryURL, rootsURL string
	client                 *http.Client
}

// newACMEServer starts a server that validates domains on a port and issues certificates that are valid for some
// seconds. It stops the server when the test ends.
func newACMEServer(t *testing.T, port, validSeconds int) *acmeServer {
	t.Helper()
	program, err := filepath.Abs("../../build/tools/pebble@v2.10.1/pebble")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil && os.Getenv("CI") != "true" {
		t.Skip("the ACME server is missing, which .ci/needs installs: ", err)
	}
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	trusted := writeSelfSigned(t, cert, key, 1)
	addr := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	managementAddr := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	profile := map[string]any{"description": "for tests", "validityPeriod": validSeconds}
	settings, _ := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": addr, "managementListenAddress": managementAddr, "certificate": cert, "privateKey": key,
		"httpPort": 1, "tlsPort": port, "keyAlgorithm": "ecdsa", "profiles": map[string]any{"default": profile},
	}})
	if err := os.WriteFile(filepath.Join(dir, "settings"), settings, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "-config", "settings", "-dnsserver", startDNSServer(t))
	var out syncBuffer
	c.Dir, c.Stdout, c.Stderr = dir, &out, &out
	c.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		if t.Failed() {
			t.Logf("output of the ACME server:\n%s", &out)
		}
	})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}
	t.Cleanup(transport.CloseIdleConnections)
	s := &acmeServer{
		directoryURL: "https://" + addr + "/dir",
		rootsURL:     "https://" + managementAddr + "/roots/0",
		client:       &http.Client{Transport: transport},
	}
	waitFor(t, &out, "the ACME server answers", func() bool {
		r, err := s.client.Get(s.directoryURL)
		if err == nil {
			r.Body.Close()
		}
		return err == nil
	})
	return s
}

// use makes Charla request certificates from the server at a directory URL.
func (s *acmeServer) use(t *testing.T, directory string) {
	acmeClient = &acme.Client{DirectoryURL: directory, HTTPClient: s.client}
	t.Cleanup(func() { acmeClient = nil })
}

// rootPool returns a pool with the root certificate of the server.
func (s *acmeServer) rootPool(t *testing.T) *x509.CertPool {
	t.Helper()
	r, err := s.client.Get(s.rootsURL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	pem, err := io.ReadAll(r.Body)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("read root certificate: %v\n%s", err, pem)
	}
	return pool
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// startDNSServer starts a DNS server over TCP (RFC 1035, 4.2.2) that answers every query for an address with
// 127.0.0.1.
func startDNSServer(t *testing.T) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			answerDNSQuery(conn)
		}
	}()
	return listener.Addr().String()
}

// answerDNSQuery answers the one query on a connection and closes the connection.
func answerDNSQuery(conn net.Conn) {
	defer conn.Close()
	var size uint16
	if binary.Read(conn, binary.BigEndian, &size) != nil {
		return
	}
	query := make([]byte, size)
	var m dnsmessage.Message
	if _, err := io.ReadFull(conn, query); err != nil || m.Unpack(query) != nil || len(m.Questions) != 1 {
		return
	}
	m.Response = true
	if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
		header := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}
		address := &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}
		m.Answers = []dnsmessage.Resource{{Header: header, Body: address}}
	}
	if answer, err := m.Pack(); err == nil {
		conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	}
}

// servedSerial connects with a server name and returns the serial number of the certificate that Charla presents.
func (s *testServer) servedSerial(t *testing.T, name string, roots *x509.CertPool) (serial string, err error) {
	t.Helper()
	conn, err := tls.Dial("tcp", s.addr, &tls.Config{ServerName: name, RootCAs: roots})
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String(), nil
}

// startWithACME starts Charla with CHARLA_TLS_DOMAIN on a port.
func startWithACME(t *testing.T, data string, port int, roots *x509.CertPool) *testServer {
	t.Helper()
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	s := startServer(t, context.Background(), "CHARLA_TLS_DOMAIN="+domain, "CHARLA_ADDR="+addr, "CHARLA_DATA="+data)
	s.addr = addr
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of Charla:\n%s", s.stderr)
		}
	})
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots}}
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	t.Cleanup(transport.CloseIdleConnections)
	s.http.Transport = transport
	return s
}

// TestACMECertificateIsFetched checks that Charla requests a certificate when it starts, for its domain and for no other
// name, serves HTTP/2 with it, and keeps it over a restart.
func TestACMECertificateIsFetched(t *testing.T) {
	port, data := freePort(t), t.TempDir()
	pebble := newACMEServer(t, port, 3600)
	pebble.use(t, pebble.directoryURL)
	s := startWithACME(t, data, port, pebble.rootPool(t))
	if !strings.HasPrefix(s.url, "https://"+domain) {
		t.Fatalf("Charla is at %s", s.url)
	}
	certificate := filepath.Join(data, "certificates", domain)
	eventually(t, "the certificate is stored before anybody has connected", func() bool {
		_, err := os.Stat(certificate)
		return err == nil
	})
	_, err := s.servedSerial(t, "other.example.test", nil)
	if err == nil || strings.Contains(s.stderr.String(), "get certificate failed") {
		t.Errorf("connecting with another name: error %v, log:\n%s", err, s.stderr)
	}
	s.register(t, "ana@example.org")
	stream := s.openStream(t)
	stream.readUntil(t, "online-count")
	s.expectHTTP2(t)
	first, err := s.servedSerial(t, domain, pebble.rootPool(t))
	if err != nil {
		t.Fatal(err)
	}
	s.stop()
	stream.readUntil(t, "event: restart\nretry: ")
	<-s.exitCode

	pebble.use(t, "https://127.0.0.1:1/unreachable")
	again := startWithACME(t, data, port, pebble.rootPool(t))
	if second, err := again.servedSerial(t, domain, pebble.rootPool(t)); err != nil || second != first {
		t.Errorf("after a restart Charla serves certificate %s, want %s, error %v", second, first, err)
	}
	again.stop()
	<-again.exitCode
	if err := os.RemoveAll(filepath.Join(data, "certificates")); err != nil {
		t.Fatal(err)
	}
	without := startWithACME(t, data, port, pebble.rootPool(t))
	if _, err := without.servedSerial(t, domain, pebble.rootPool(t)); err == nil {
		t.Error("Charla serves a certificate although it cannot reach the ACME server")
	}
	eventually(t, "the failure is logged", func() bool {
		return strings.Contains(without.stderr.String(), `level=WARN msg="get certificate failed" domain=`+domain)
	})
}

// TestACMECertificateIsRenewed checks that a running server gets another certificate before the first one expires.
func TestACMECertificateIsRenewed(t *testing.T) {
	port := freePort(t)
	pebble := newACMEServer(t, port, 9)
	pebble.use(t, pebble.directoryURL)
	s := startWithACME(t, t.TempDir(), port, pebble.rootPool(t))
	var first string
	eventually(t, "a certificate is served", func() (served bool) {
		var err error
		first, err = s.servedSerial(t, domain, pebble.rootPool(t))
		return err == nil
	})
	eventually(t, "another certificate is served", func() bool {
		serial, err := s.servedSerial(t, domain, pebble.rootPool(t))
		return err == nil && serial != first
	})
}

// TestExpiringCertificateIsLogged checks for which certificates a warning is logged, and that it is logged once an
// hour.
func TestExpiringCertificateIsLogged(t *testing.T) {
	var log syncBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	const day = 24 * time.Hour
	for _, c := range []struct {
		name      string
		age, left time.Duration
		logged    bool
	}{
		{"for 90 days, renewed when 30 are left", 61 * day, 29 * day, false},
		{"for 90 days, not renewed", 70 * day, 20 * day, true},
		{"for 6 days, renewed when 2 are left", 4*day + time.Hour, 2*day - time.Hour, false},
		{"for 6 days, not renewed", 5 * day, day, true},
		{"for ten years, three weeks are left", 3630 * day, 22 * day, false},
		{"for ten years, less than three weeks are left", 3632 * day, 20 * day, true},
		{"expired", 90 * day, -time.Second, true},
	} {
		log.Reset()
		leaf := &x509.Certificate{NotBefore: time.Now().Add(-c.age), NotAfter: time.Now().Add(c.left)}
		monitor := &certificateMonitor{next: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return &tls.Certificate{Leaf: leaf}, nil
		}}
		for range 2 {
			if got, err := monitor.getCertificate(&tls.ClientHelloInfo{}); err != nil || got.Leaf != leaf {
				t.Errorf("%s: getCertificate returned %v, %v", c.name, got, err)
			}
		}
		if n := strings.Count(log.String(), "expires soon and was not renewed"); n != boolToInt(c.logged) {
			t.Errorf("%s: the warning was logged %d times", c.name, n)
		}
	}
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
