package handlers_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

const benchFile = 25 << 20

// referenceServer serves files with net/http alone: it writes a body to a file, syncs and renames it, and serves it
// again.
func referenceServer(b *testing.B) *httptest.Server {
	dir := b.TempDir()
	n := 0
	mux := http.NewServeMux()
	mux.HandleFunc("POST /files", func(w http.ResponseWriter, r *http.Request) {
		f, err := os.CreateTemp(dir, "in")
		if err == nil {
			_, err = io.Copy(f, r.Body)
		}
		if err == nil {
			err = f.Sync()
		}
		f.Close()
		if n++; err == nil {
			err = os.Rename(f.Name(), filepath.Join(dir, fmt.Sprint(n)))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"url":"/files/%d"}`, n)
	})
	mux.Handle("GET /files/", http.StripPrefix("/files/", http.FileServer(http.Dir(dir))))
	s := httptest.NewServer(mux)
	b.Cleanup(s.Close)
	return s
}

// sendFile uploads data and returns its URL. It changes the first bytes each time, because Charla stores equal files
// once.
func sendFile(b *testing.B, client *http.Client, at string, data []byte) string {
	rand.Read(data[:16])
	req, _ := http.NewRequest(http.MethodPost, at+"/files?name=x.bin", bytes.NewReader(data))
	req.Header.Set("Accept", "application/json")
	res, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	var made struct{ URL string }
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || res.StatusCode != http.StatusCreated {
		b.Fatal(res.Status, err)
	}
	return at + made.URL
}

// BenchmarkFiles uploads and downloads a file of 25 MB over loopback, and compares Charla with net/http on the same
// disk.
func BenchmarkFiles(b *testing.B) {
	site, plain := newBenchServer(b), referenceServer(b)
	data := make([]byte, benchFile)
	for _, side := range [][2]string{{"Charla", site.URL}, {"plain", plain.URL}} {
		name, at := side[0], side[1]
		b.Run("upload/"+name, func(b *testing.B) {
			b.SetBytes(benchFile)
			for b.Loop() {
				sendFile(b, site.client, at, data)
			}
		})
		address := sendFile(b, site.client, at, data)
		b.Run("download/"+name, func(b *testing.B) {
			b.SetBytes(benchFile)
			for b.Loop() {
				res, err := site.client.Get(address)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, res.Body); n != benchFile || err != nil {
					b.Fatal(n, err)
				}
				res.Body.Close()
			}
		})
	}
}
