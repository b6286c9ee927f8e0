package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDeletedTextLeavesTheDisk checks that what people delete or replace soon is in no file of the data directory:
// edited and deleted messages, drafts, files, and everything of an account that takes its messages along. What others
// wrote stays. The search index contains the text before, and not afterwards.
func TestDeletedTextLeavesTheDisk(t *testing.T) {
	_, s, _ := startInShell(t, `exec "$0"`)
	s.register(t, "admin@example.org")
	s.postMessage(t, "kept by the admin")
	first := s.http
	s.newClient(t)
	s.register(t, "forgotten.address@example.org")
	for i := range 150 {
		s.postMessage(t, fmt.Sprint("unwanted text ", i, strings.Repeat(" and more", i%60)))
	}
	eventually(t, "the text to be in the search index", func() bool { return s.indexedDocuments(t, "unwanted") == 150 })
	for _, seq := range []int{7, 8, 9} {
		path := fmt.Sprint("/messages/", seq)
		s.postForm(t, path+"/edit", url.Values{"body": {fmt.Sprint("unwanted edit ", seq)}})
	}
	s.postForm(t, "/messages/8/delete", nil)
	s.postForm(t, "/drafts", url.Values{"room": {"1"}, "body": {"unwanted draft"}})
	r, err := s.http.Post(s.url+"/files?name=unwanted-name.txt", "application/octet-stream",
		strings.NewReader("unwanted bytes"))
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatal(r, err)
	}
	r.Body.Close()
	if found := s.filesContaining(t, "unwanted"); len(found) < 2 { // the database and the file
		t.Fatalf("only %v contain the text", found)
	}
	deletion := url.Values{"current": {"tres tristes tigres"}, "messages": {"delete"}}
	if status := s.postForm(t, "/settings/delete", deletion); status != http.StatusOK {
		t.Fatalf("the deletion of the account was answered with %d", status)
	}
	for _, text := range []string{"unwanted bytes", "unwanted", "forgotten.address"} {
		eventually(t, "no file to contain "+text, func() bool { return len(s.filesContaining(t, text)) == 0 })
	}
	s.http = first
	if page := s.get(t, "/messages?room=1"); !strings.Contains(page, "This message was deleted.") {
		t.Errorf("the page does not show the deleted messages:\n%s", page)
	}
	if len(s.filesContaining(t, "kept by the admin")) == 0 {
		t.Error("the message of the admin is gone")
	}
}

// filesContaining returns the files of the data directory that contain a text.
func (s *testServer) filesContaining(t *testing.T, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(s.dataDir, func(path string, entry fs.DirEntry, err error) error {
		if os.IsNotExist(err) || err == nil && entry.IsDir() {
			return nil
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(text)) {
			found = append(found, path)
		}
		if os.IsNotExist(err) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
