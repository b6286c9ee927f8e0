// Package storage keeps the bytes of files: in a directory, or in storage that speaks S3. It is a chat.Vault.
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

// Store is a chat.Vault. It is safe for concurrent use. What is not kept yet lies in a directory of this machine, whatever the store.
type Store struct {
	root    *os.Root
	backend backend
}

var _ chat.BlobStore = (*Store)(nil)

// backend keeps what is ready, under names that are valid.
type backend interface {
	// put keeps all forms, which lie in a directory under the vault's root, or none.
	put(ctx context.Context, name, dir string, forms []storedVariant) error
	open(ctx context.Context, name string, size chat.Variant) (chat.OpenedBlob, error)
	delete(ctx context.Context, name string) error
	list(ctx context.Context) iter.Seq2[chat.StoredObject, error]
	// claimOwner returns whose the files are. They become owner's where they are nobody's.
	claimOwner(ctx context.Context, owner string) (string, error)
	close()
}

// storedVariant is a file in one of its sizes.
type storedVariant struct {
	variant     chat.Variant
	contentType string
	length      int64
	checksum    string // SHA-256, hex
}

// The directories under the root. What lies in arriving for longer than abandoned was left by a process that ended; who
// may send gigabytes has no longer either.
const (
	incomingDir, blobsDir = "arriving", "kept"
	ownerFile             = "owner" // whose the files are
	abandonedAfter        = 24 * time.Hour
)

// OpenLocal opens a vault that keeps files in a directory, which it makes if it is missing.
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

// openRoot opens the directory in which files arrive.
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

// ClaimOwner sees to it that the vault is that of owner, a word that its database knows and no other. Whoever comes first, has it. For
// another database all files would be nobody's, and swept.
func (v *Store) ClaimOwner(ctx context.Context, owner string) error {
	found, err := v.backend.claimOwner(ctx, owner)
	if err == nil && found != owner {
		err = errors.New("the files there belong to another database, and this one would delete them as nobody's: bring theirs back, or choose another place for files")
	}
	return err
}

// Close ends the use of the vault, after which nothing may be asked of it.
func (v *Store) Close() error {
	v.backend.close()
	return v.root.Close()
}

// Receive takes a file of at most limit bytes from r.
func (v *Store) Receive(ctx context.Context, r io.Reader, limit int64) (chat.IncomingBlob, error) {
	i := &incoming{store: v, dir: path.Join(incomingDir, newObjectName()), hash: sha256.New()}
	if err := i.receive(ctx, r, limit); err != nil {
		i.Abort()
		return nil, err
	}
	return i, nil
}

// Open opens a kept file in a size that its content has.
func (v *Store) Open(ctx context.Context, object string, size chat.Variant) (chat.OpenedBlob, error) {
	if !isObjectName(object) {
		return chat.OpenedBlob{}, chat.ErrNotFound
	}
	opened, err := v.backend.open(ctx, object, size)
	if size != chat.VariantMedium || chat.CodeOf(err) != chat.NotFound {
		return opened, err
	}
	whole, err := v.backend.open(ctx, object, chat.VariantOriginal)
	if err == nil && !strings.HasPrefix(whole.Type, "image/") {
		whole.Close()
		return chat.OpenedBlob{}, chat.ErrNotFound
	}
	return whole, err
}

// Delete forgets a kept file in all sizes.
func (v *Store) Delete(ctx context.Context, object string) error {
	if !isObjectName(object) {
		return nil
	}
	return v.backend.delete(ctx, object)
}

// Objects lists what is kept.
func (v *Store) Objects(ctx context.Context) iter.Seq2[chat.StoredObject, error] {
	return v.backend.list(ctx)
}

// RemoveTemp clears what has been arriving for too long.
func (v *Store) RemoveTemp() error {
	var errs []error
	for entry, err := range readDir(v.root, incomingDir) {
		if err != nil {
			return err
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > abandonedAfter {
			errs = append(errs, v.root.RemoveAll(path.Join(incomingDir, entry.Name())))
		}
	}
	return errors.Join(errs...)
}

// newObjectName makes a name of letters and digits that nobody can guess.
func newObjectName() string { return strings.ToLower(rand.Text()) }

// isObjectName tells whether a name may be one of ours.
func isObjectName(name string) bool {
	return len(name) == 26 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// fileName is where a form lies in its directory: its type belongs to its name, with _ for the slash.
func (f storedVariant) fileName() string {
	return f.filePrefix() + strings.ReplaceAll(f.contentType, "/", "_")
}

// keyPrefix is what the name of a form's file begins with.
func (f storedVariant) filePrefix() string {
	if f.variant == chat.VariantOriginal {
		return "whole."
	}
	return string(f.variant) + "."
}

// hashingWriter counts and sums what goes into a file, and says that the vault is away when the disk does not take it.
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
