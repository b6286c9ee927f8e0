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

// acmeServer is a real ACME server for which every name leads to this machine. Its certificates last for as long as it is told.
type acmeServer struct {
	directoryURL, rootsURL string
	client                 *http.Client
}

// newACMEServer starts one that proves domains at a port. It ends with the test.
func newACMEServer(t *testing.T, port int, seconds int) *acmeServer {
	t.Helper()
	program, err := filepath.Abs("../../build/tools/pebble@v2.10.1/pebble")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil && os.Getenv("CI") != "true" {
		t.Skip("no ACME server here, which .ci/needs brings: ", err)
	}
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	believed := writeSelfSigned(t, cert, key, 1)
	at, roots := freePort(t), freePort(t)
	settings, _ := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": fmt.Sprintf("127.0.0.1:%d", at), "managementListenAddress": fmt.Sprintf("127.0.0.1:%d", roots), "certificate": cert, "privateKey": key,
		"httpPort": 1, "tlsPort": port, "keyAlgorithm": "ecdsa", "profiles": map[string]any{"default": map[string]any{"description": "of the test", "validityPeriod": seconds}},
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
			t.Logf("the ACME server said\n%s", &out)
		}
	})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: believed}}
	t.Cleanup(transport.CloseIdleConnections)
	p := &acmeServer{fmt.Sprintf("https://127.0.0.1:%d/dir", at), fmt.Sprintf("https://127.0.0.1:%d/roots/0", roots), &http.Client{Transport: transport}}
	waitFor(t, &out, "the ACME server", func() bool {
		r, err := p.client.Get(p.directoryURL)
		if err == nil {
			r.Body.Close()
		}
		return err == nil
	})
	return p
}

// use makes Charla ask for certificates at an address.
func (p *acmeServer) use(t *testing.T, directory string) {
	acmeClient = &acme.Client{DirectoryURL: directory, HTTPClient: p.client}
	t.Cleanup(func() { acmeClient = nil })
}

// rootPool is who signs what the server gives.
func (p *acmeServer) rootPool(t *testing.T) *x509.CertPool {
	t.Helper()
	r, err := p.client.Get(p.rootsURL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	pem, err := io.ReadAll(r.Body)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("%v\n%s", err, pem)
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

// startDNSServer answers every question that comes to it over TCP with 127.0.0.1 (RFC 1035, 4.2.2).
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

// answerDNSQuery answers the one question of a connection.
func answerDNSQuery(conn net.Conn) {
	defer conn.Close()
	var size uint16
	if binary.Read(conn, binary.BigEndian, &size) != nil {
		return
	}
	question := make([]byte, size)
	var m dnsmessage.Message
	if _, err := io.ReadFull(conn, question); err != nil || m.Unpack(question) != nil || len(m.Questions) != 1 {
		return
	}
	m.Response = true
	if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
		m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}}}
	}
	if answer, err := m.Pack(); err == nil {
		conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	}
}

// servedSerial is the certificate that Charla shows to who comes for a name.
func (p *testServer) servedSerial(t *testing.T, name string, roots *x509.CertPool) (serial string, err error) {
	t.Helper()
	conn, err := tls.Dial("tcp", p.addr, &tls.Config{ServerName: name, RootCAs: roots})
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String(), nil
}

// startWithACME begins Charla with a certificate that it fetches.
func startWithACME(t *testing.T, data string, port int, roots *x509.CertPool) *testServer {
	t.Helper()
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	p := startServer(t, context.Background(), "CHARLA_TLS_DOMAIN="+domain, "CHARLA_ADDR="+addr, "CHARLA_DATA="+data)
	p.addr = addr
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Charla said\n%s", p.stderr)
		}
	})
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots}}
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	t.Cleanup(transport.CloseIdleConnections)
	p.http.Transport = transport
	return p
}

// Charla fetches a certificate for its domain and for no other name, keeps it over a restart, and serves HTTP/2 with it.
func TestACMECertificateIsFetched(t *testing.T) {
	port, data := freePort(t), t.TempDir()
	pebble := newACMEServer(t, port, 3600)
	pebble.use(t, pebble.directoryURL)
	p := startWithACME(t, data, port, pebble.rootPool(t))
	if !strings.HasPrefix(p.url, "https://"+domain) {
		t.Fatalf("Charla is at %s", p.url)
	}
	if _, err := p.servedSerial(t, "other.example.test", nil); err == nil || strings.Contains(p.stderr.String(), "no certificate") {
		t.Errorf("a stranger's name: %v\n%s", err, p.stderr)
	}
	p.register(t, "ana@example.org")
	stream := p.openStream(t)
	stream.readUntil(t, "online-count")
	p.expectHTTP2(t)
	first, err := p.servedSerial(t, domain, pebble.rootPool(t))
	if err != nil {
		t.Fatal(err)
	}
	p.stop()
	stream.readUntil(t, "event: restart\nretry: ")
	<-p.exitCode

	pebble.use(t, "https://127.0.0.1:1/nobody")
	again := startWithACME(t, data, port, pebble.rootPool(t))
	if second, err := again.servedSerial(t, domain, pebble.rootPool(t)); err != nil || second != first {
		t.Errorf("after a restart another certificate: %v", err)
	}
	again.stop()
	<-again.exitCode
	if err := os.RemoveAll(filepath.Join(data, "certificates")); err != nil {
		t.Fatal(err)
	}
	without := startWithACME(t, data, port, pebble.rootPool(t))
	if _, err := without.servedSerial(t, domain, pebble.rootPool(t)); err == nil {
		t.Error("a certificate of nobody")
	}
	eventually(t, "the log to tell", func() bool {
		return strings.Contains(without.stderr.String(), `level=WARN msg="no certificate" domain=`+domain)
	})
}

// A certificate is renewed in time, without anybody who notices.
func TestACMECertificateIsRenewed(t *testing.T) {
	port := freePort(t)
	pebble := newACMEServer(t, port, 9)
	pebble.use(t, pebble.directoryURL)
	p := startWithACME(t, t.TempDir(), port, pebble.rootPool(t))
	first, err := p.servedSerial(t, domain, pebble.rootPool(t))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "another certificate", func() bool {
		now, err := p.servedSerial(t, domain, pebble.rootPool(t))
		return err == nil && now != first
	})
}

// One that runs out is told of, and no more than once an hour.
func TestExpiringCertificateIsLogged(t *testing.T) {
	var log syncBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	const day = 24 * time.Hour
	for _, c := range []struct {
		name      string
		age, left time.Duration
		told      bool
	}{
		{"for 90 days, renewed when 30 are left", 61 * day, 29 * day, false},
		{"for 90 days, not renewed", 70 * day, 20 * day, true},
		{"for 6 days, renewed when 2 are left", 4*day + time.Hour, 2*day - time.Hour, false},
		{"for 6 days, not renewed", 5 * day, day, true},
		{"for ten years, by an authority of one's own", 3630 * day, 22 * day, false},
		{"for ten years, at its end", 3632 * day, 20 * day, true},
		{"over", 90 * day, -time.Second, true},
	} {
		log.Reset()
		leaf := &x509.Certificate{NotBefore: time.Now().Add(-c.age), NotAfter: time.Now().Add(c.left)}
		watch := &certificateMonitor{next: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &tls.Certificate{Leaf: leaf}, nil }}
		for range 2 {
			if got, err := watch.getCertificate(&tls.ClientHelloInfo{}); err != nil || got.Leaf != leaf {
				t.Errorf("%s: %v, %v", c.name, got, err)
			}
		}
		if n := strings.Count(log.String(), "runs out and was not renewed"); n != boolToInt(c.told) {
			t.Errorf("%s: told %d times", c.name, n)
		}
	}
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
