// Package storage stores the bytes of files in a local directory or in an S3 bucket. It implements chat.BlobStore.
package storage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"iter"
	"os"
	"path"
	"strings"
	"time"

	"charla/chat"
)

// Store stores files. It implements chat.BlobStore and is safe for concurrent use. A file lies in a local directory
// until it is committed, even if committed files are in S3.
type Store struct {
	root    *os.Root
	backend backend
}

var _ chat.BlobStore = (*Store)(nil)

// backend stores committed files, in a local directory or in S3. The callers pass only names for which isObjectName is
// true.
type backend interface {
	// put stores all variants of a file under the given name, or none of them if it fails. It takes the variants from
	// dir, a path below the root of the store.
	put(ctx context.Context, name, dir string, variants []storedVariant) error
	open(ctx context.Context, name string, variant chat.Variant) (chat.OpenedBlob, error)
	delete(ctx context.Context, name string) error
	list(ctx context.Context) iter.Seq2[chat.StoredObject, error]
	// claimOwner returns the name of the database to which all files in the backend belong. If they belong to none yet,
	// it first records that they belong to owner.
	claimOwner(ctx context.Context, owner string) (string, error)
	close()
}

// storedVariant describes one variant of a file, such as a smaller size of an image.
type storedVariant struct {
	variant     chat.Variant
	contentType string
	length      int64
	checksum    string // SHA-256, hex
}

// The names of directories and files below the root of the store.
const (
	incomingDir = "arriving" // files that are not committed
	blobsDir    = "kept"     // committed files
	ownerFile   = "owner"    // names the database that the files belong to
)

// abandonedAfter is the age at which an uncommitted file is deleted. It is longer than any upload may take, so that the
// process that received the file must have ended.
const abandonedAfter = 24 * time.Hour

// OpenLocal opens a store that keeps files in the directory dir. It creates the directory if necessary.
func OpenLocal(dir string) (*Store, error) {
	root, err := openRoot(dir)
	if err != nil {
		return nil, err
	}
	if err := root.MkdirAll(blobsDir, 0o700); err != nil {
		root.Close()
		return nil, err
	}
	return &Store{root, localBackend{root}}, nil
}

// openRoot opens dir as the root of a store. It creates dir and the directory for uncommitted files in it if necessary.
func openRoot(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	if err := root.MkdirAll(incomingDir, 0o700); err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

// ClaimOwner records that the stored files belong to the database that owner identifies. It returns an error if they
// belong to another database, because each database would delete the files of the other as unreferenced.
func (s *Store) ClaimOwner(ctx context.Context, owner string) error {
	found, err := s.backend.claimOwner(ctx, owner)
	if err != nil {
		return err
	}
	if found != owner {
		return errors.New("the files there belong to another database, and this one would delete them: " +
			"restore the database they belong to, or choose another place for files")
	}
	return nil
}

// Close releases the resources of the store. The store must not be used afterwards.
func (s *Store) Close() error {
	s.backend.close()
	return s.root.Close()
}

// Receive reads a file of at most limit bytes from r into the local directory. The caller must call Commit on the
// result to store the file, or Abort to discard it.
func (s *Store) Receive(ctx context.Context, r io.Reader, limit int64) (chat.IncomingBlob, error) {
	i := &incoming{store: s, dir: path.Join(incomingDir, newObjectName()), hash: sha256.New()}
	if err := i.receive(ctx, r, limit); err != nil {
		i.Abort()
		return nil, err
	}
	return i, nil
}

// Open opens a variant of a stored file. It returns ErrNotFound if the file or the variant does not exist. For an image
// that is too small to have a medium variant, it opens the original instead.
func (s *Store) Open(ctx context.Context, object string, variant chat.Variant) (chat.OpenedBlob, error) {
	if !isObjectName(object) {
		return chat.OpenedBlob{}, chat.ErrNotFound
	}
	opened, err := s.backend.open(ctx, object, variant)
	if variant != chat.VariantMedium || chat.CodeOf(err) != chat.NotFound {
		return opened, err
	}
	original, err := s.backend.open(ctx, object, chat.VariantOriginal)
	if err == nil && !strings.HasPrefix(original.Type, "image/") {
		original.Close()
		return chat.OpenedBlob{}, chat.ErrNotFound
	}
	return original, err
}

// Delete deletes all variants of a stored file. It returns no error if the file does not exist.
func (s *Store) Delete(ctx context.Context, object string) error {
	if !isObjectName(object) {
		return nil
	}
	return s.backend.delete(ctx, object)
}

// Objects lists the files that the store contains, whether or not the database knows them.
func (s *Store) Objects(ctx context.Context) iter.Seq2[chat.StoredObject, error] {
	return s.backend.list(ctx)
}

// RemoveTemp deletes uncommitted files that are older than abandonedAfter.
func (s *Store) RemoveTemp() error {
	var errs []error
	for entry, err := range readDir(s.root, incomingDir) {
		if err != nil {
			return err
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > abandonedAfter {
			errs = append(errs, s.root.RemoveAll(path.Join(incomingDir, entry.Name())))
		}
	}
	return errors.Join(errs...)
}

// newObjectName returns a random name of 26 lower-case letters and digits.
func newObjectName() string { return strings.ToLower(rand.Text()) }

// isObjectName reports whether name has the form of the names that newObjectName returns.
func isObjectName(name string) bool {
	return len(name) == 26 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// fileName returns the name under which a variant is stored: which variant it is and its content type, with "_" instead
// of "/".
func (v storedVariant) fileName() string {
	return v.filePrefix() + strings.ReplaceAll(v.contentType, "/", "_")
}

// filePrefix returns the part of a variant's file name before the content type.
func (v storedVariant) filePrefix() string {
	if v.variant == chat.VariantOriginal {
		return "whole."
	}
	return string(v.variant) + "."
}

// hashingWriter writes to a file and computes the length and the checksum of the written bytes. It returns
// StorageUnavailable if the file cannot be written.
type hashingWriter struct {
	file  *os.File
	hash  hash.Hash
	count int64
}

func (w *hashingWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	w.hash.Write(p[:n])
	w.count += int64(n)
	if err != nil {
		return n, chat.StorageUnavailable(err)
	}
	return n, nil
}

func (w *hashingWriter) checksum() string { return hex.EncodeToString(w.hash.Sum(nil)) }
