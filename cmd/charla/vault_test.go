package main

import (
	"path/filepath"
	"strings"
	"testing"

	"charla/files/filestest"
)

func TestWhereFilesAreKept(t *testing.T) {
	s3 := filestest.New(t).URL("charla")
	for _, environ := range [][]string{nil, {"S3_URL=" + s3}} {
		data := t.TempDir()
		c, err := configure(nil, append(environ, "CHARLA_DATA="+data), &output{})
		if err != nil {
			t.Fatal(err)
		}
		vault, err := openVault(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer vault.Close()
		in, err := vault.Receive(t.Context(), strings.NewReader("a text"), 10)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Discard()
		content, err := in.Keep(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		here, _ := filepath.Glob(filepath.Join(data, "files", "kept", "*", content.Object))
		if local := len(here) == 1; local != (environ == nil) {
			t.Errorf("%v: kept in CHARLA_DATA: %v", environ, local)
		}
	}
}

// A bucket that cannot be used ends the start in one line.
func TestS3ThatRefuses(t *testing.T) {
	s3 := strings.Replace(filestest.New(t).URL("charla"), "secreto", "forgotten", 1)
	_, err := openVault(t.Context(), config{data: t.TempDir(), s3URL: s3})
	if err == nil || !strings.Contains(err.Error(), "S3_URL") || strings.Contains(err.Error(), "forgotten") {
		t.Error(err)
	}
}
