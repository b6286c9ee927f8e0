// Package files keeps the bytes of files: in a directory, or in storage that speaks S3. It is a chat.Vault.
package files

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

// Vault is a chat.Vault. It is safe for concurrent use. What is not kept yet lies in a directory of this machine, whatever the store.
type Vault struct {
	root  *os.Root
	store store
}

var _ chat.Vault = (*Vault)(nil)

// store keeps what is ready, under names that are valid.
type store interface {
	// put keeps all forms, which lie in a directory under the vault's root, or none.
	put(ctx context.Context, name, dir string, forms []form) error
	open(ctx context.Context, name string, size chat.Size) (chat.Opened, error)
	delete(ctx context.Context, name string) error
	list(ctx context.Context) iter.Seq2[chat.Object, error]
	// mark returns whose the files are. They become owner's where they are nobody's.
	mark(ctx context.Context, owner string) (string, error)
	close()
}

// form is a file in one of its sizes.
type form struct {
	size  chat.Size
	mime  string
	bytes int64
	sum   string // SHA-256, hex
}

// The directories under the root. What lies in arriving for longer than abandoned was left by a process that ended; who
// may send gigabytes has no longer either.
const (
	arriving, kept = "arriving", "kept"
	marked         = "owner" // whose the files are
	abandoned      = 24 * time.Hour
)

// OpenLocal opens a vault that keeps files in a directory, which it makes if it is missing.
func OpenLocal(dir string) (*Vault, error) {
	root, err := openRoot(dir)
	if err != nil {
		return nil, err
	}
	if err := root.MkdirAll(kept, 0o700); err != nil {
		root.Close()
		return nil, err
	}
	return &Vault{root, local{root}}, nil
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
	if err := root.MkdirAll(arriving, 0o700); err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

// Claim sees to it that the vault is that of owner, a word that its database knows and no other. Whoever comes first, has it. For
// another database all files would be nobody's, and swept.
func (v *Vault) Claim(ctx context.Context, owner string) error {
	found, err := v.store.mark(ctx, owner)
	if err == nil && found != owner {
		err = errors.New("the files there belong to another database, and this one would delete them as nobody's: bring theirs back, or choose another place for files")
	}
	return err
}

// Close ends the use of the vault, after which nothing may be asked of it.
func (v *Vault) Close() error {
	v.store.close()
	return v.root.Close()
}

// Receive takes a file of at most limit bytes from r.
func (v *Vault) Receive(ctx context.Context, r io.Reader, limit int64) (chat.Incoming, error) {
	i := &incoming{vault: v, dir: path.Join(arriving, newName()), hash: sha256.New()}
	if err := i.receive(ctx, r, limit); err != nil {
		i.Discard()
		return nil, err
	}
	return i, nil
}

// Open opens a kept file in a size that its content has.
func (v *Vault) Open(ctx context.Context, object string, size chat.Size) (chat.Opened, error) {
	if !isName(object) {
		return chat.Opened{}, chat.ErrNotFound
	}
	opened, err := v.store.open(ctx, object, size)
	if size != chat.Medium || chat.CodeOf(err) != chat.NotFound {
		return opened, err
	}
	whole, err := v.store.open(ctx, object, chat.Whole)
	if err == nil && !strings.HasPrefix(whole.Type, "image/") {
		whole.Close()
		return chat.Opened{}, chat.ErrNotFound
	}
	return whole, err
}

// Delete forgets a kept file in all sizes.
func (v *Vault) Delete(ctx context.Context, object string) error {
	if !isName(object) {
		return nil
	}
	return v.store.delete(ctx, object)
}

// Objects lists what is kept.
func (v *Vault) Objects(ctx context.Context) iter.Seq2[chat.Object, error] { return v.store.list(ctx) }

// Tidy clears what has been arriving for too long.
func (v *Vault) Tidy() error {
	var errs []error
	for entry, err := range entries(v.root, arriving) {
		if err != nil {
			return err
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
			errs = append(errs, v.root.RemoveAll(path.Join(arriving, entry.Name())))
		}
	}
	return errors.Join(errs...)
}

// newName makes a name of letters and digits that nobody can guess.
func newName() string { return strings.ToLower(rand.Text()) }

// isName tells whether a name may be one of ours.
func isName(name string) bool {
	return len(name) == 26 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// fileName is where a form lies in its directory: its type belongs to its name, with _ for the slash.
func (f form) fileName() string { return f.prefix() + strings.ReplaceAll(f.mime, "/", "_") }

// prefix is what the name of a form's file begins with.
func (f form) prefix() string {
	if f.size == chat.Whole {
		return "whole."
	}
	return string(f.size) + "."
}

// written counts and sums what goes into a file, and says that the vault is away when the disk does not take it.
type written struct {
	file *os.File
	hash hash.Hash
	n    int64
}

func (w *written) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	w.hash.Write(p[:n])
	w.n += int64(n)
	if err != nil {
		return n, chat.VaultAway(err)
	}
	return n, nil
}

func (w *written) sum() string { return hex.EncodeToString(w.hash.Sum(nil)) }
