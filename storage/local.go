package storage

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"

	"charla/chat"
)

// localBackend keeps each file as a directory with its forms, spread over directories of the first two letters.
type localBackend struct{ root *os.Root }

func blobDir(name string) string { return path.Join(blobsDir, name[:2], name) }

// put moves the directory to its place, after its bytes are on disk: a crash leaves all of it or nothing there.
func (l localBackend) put(_ context.Context, name, dir string, forms []storedVariant) error {
	var err error
	for _, f := range forms {
		err = errors.Join(err, l.fsync(path.Join(dir, f.fileName())))
	}
	err = errors.Join(err, l.fsync(dir))
	if err == nil {
		err = l.makeShard(name[:2])
	}
	if err == nil {
		err = l.root.Rename(dir, blobDir(name))
	}
	if err == nil {
		err = l.fsync(path.Dir(blobDir(name)))
	}
	if err != nil {
		l.root.RemoveAll(blobDir(name))
		return chat.StorageUnavailable(err)
	}
	return nil
}

// makeShard makes the directory of two letters if it is the first time.
func (l localBackend) makeShard(letters string) error {
	if err := l.root.Mkdir(path.Join(blobsDir, letters), 0o700); errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil {
		return err
	}
	return l.fsync(blobsDir)
}

// fsync waits until a file, or which names a directory has, is on disk.
func (l localBackend) fsync(name string) error {
	f, err := l.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func (l localBackend) open(_ context.Context, name string, size chat.Variant) (chat.OpenedBlob, error) {
	prefix := storedVariant{variant: size}.filePrefix()
	for entry, err := range readDir(l.root, blobDir(name)) {
		if err != nil {
			return chat.OpenedBlob{}, mapFileError(err)
		}
		if mime, ok := strings.CutPrefix(entry.Name(), prefix); ok {
			return l.openFile(path.Join(blobDir(name), entry.Name()), strings.ReplaceAll(mime, "_", "/"))
		}
	}
	return chat.OpenedBlob{}, chat.ErrNotFound
}

func (l localBackend) openFile(name, mime string) (chat.OpenedBlob, error) {
	f, err := l.root.Open(name)
	if err != nil {
		return chat.OpenedBlob{}, mapFileError(err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return chat.OpenedBlob{}, mapFileError(err)
	}
	return chat.OpenedBlob{ReadSeekCloser: f, Type: mime, Size: info.Size()}, nil
}

func (l localBackend) claimOwner(_ context.Context, owner string) (string, error) {
	if found, err := l.root.ReadFile(ownerFile); !errors.Is(err, fs.ErrNotExist) {
		return string(found), err
	}
	fresh := path.Join(incomingDir, newObjectName())
	err := l.root.WriteFile(fresh, []byte(owner), 0o600)
	if err == nil {
		err = l.fsync(fresh)
	}
	if err == nil {
		err = l.root.Rename(fresh, ownerFile)
	}
	if err == nil {
		err = l.fsync(".")
	}
	return owner, err
}

func (l localBackend) close() {}

// mapFileError tells what is not there from what cannot be read.
func mapFileError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return chat.ErrNotFound
	}
	return chat.StorageUnavailable(err)
}

// delete takes the directory away at once, whatever is in it, and then apart.
func (l localBackend) delete(_ context.Context, name string) error {
	gone := path.Join(incomingDir, newObjectName())
	if err := l.root.Rename(blobDir(name), gone); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return chat.StorageUnavailable(err)
	}
	if err := l.root.RemoveAll(gone); err != nil {
		return chat.StorageUnavailable(err)
	}
	return nil
}

func (l localBackend) list(ctx context.Context) iter.Seq2[chat.StoredObject, error] {
	return func(yield func(chat.StoredObject, error) bool) {
		for letters, err := range readDir(l.root, blobsDir) {
			if err != nil {
				yield(chat.StoredObject{}, chat.StorageUnavailable(err))
				return
			}
			if !l.listShard(ctx, letters.Name(), yield) {
				return
			}
		}
	}
}

// listShard lists what begins with two letters, and tells whether to go on.
func (l localBackend) listShard(ctx context.Context, letters string, yield func(chat.StoredObject, error) bool) bool {
	for entry, err := range readDir(l.root, path.Join(blobsDir, letters)) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return yield(chat.StoredObject{}, chat.StorageUnavailable(err))
		}
		info, err := entry.Info()
		if err == nil && isObjectName(entry.Name()) && !yield(chat.StoredObject{Name: entry.Name(), StoredAt: info.ModTime()}, nil) {
			return false
		}
	}
	return true
}

// readDir reads a directory in pieces, so that a large one takes no more memory than a small one.
func readDir(root *os.Root, dir string) iter.Seq2[fs.DirEntry, error] {
	const piece = 256
	return func(yield func(fs.DirEntry, error) bool) {
		d, err := root.Open(dir)
		if err != nil {
			yield(nil, err)
			return
		}
		defer d.Close()
		for {
			some, err := d.ReadDir(piece)
			for _, entry := range some {
				if !yield(entry, nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}
