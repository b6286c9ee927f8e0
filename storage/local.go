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

// localBackend stores each file as a directory that contains one file per variant. This directory lies in a shard, a
// directory named after the first two characters of the file's name, as in ab/abcdef….
type localBackend struct{ root *os.Root }

func blobDir(name string) string { return path.Join(blobsDir, name[:2], name) }

// put syncs the variants to disk and then renames their directory to its final name. After a crash, either all variants
// are stored or none.
func (b localBackend) put(_ context.Context, name, dir string, variants []storedVariant) error {
	if err := b.putSynced(name, dir, variants); err != nil {
		b.root.RemoveAll(blobDir(name))
		return chat.StorageUnavailable(err)
	}
	return nil
}

func (b localBackend) putSynced(name, dir string, variants []storedVariant) error {
	for _, v := range variants {
		if err := b.fsync(path.Join(dir, v.fileName())); err != nil {
			return err
		}
	}
	if err := b.fsync(dir); err != nil {
		return err
	}
	if err := b.makeShard(name[:2]); err != nil {
		return err
	}
	if err := b.root.Rename(dir, blobDir(name)); err != nil {
		return err
	}
	return b.fsync(path.Dir(blobDir(name)))
}

// makeShard creates the shard with the given two characters (directory of all files whose names begin with them),
// unless it exists.
func (b localBackend) makeShard(letters string) error {
	if err := b.root.Mkdir(path.Join(blobsDir, letters), 0o700); errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil {
		return err
	}
	return b.fsync(blobsDir)
}

// fsync waits until the content of a file, or the list of names in a directory, is on disk.
func (b localBackend) fsync(name string) error {
	f, err := b.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func (b localBackend) open(_ context.Context, name string, variant chat.Variant) (chat.OpenedBlob, error) {
	prefix := storedVariant{variant: variant}.filePrefix()
	for entry, err := range readDir(b.root, blobDir(name)) {
		if err != nil {
			return chat.OpenedBlob{}, mapFileError(err)
		}
		if contentType, ok := strings.CutPrefix(entry.Name(), prefix); ok {
			return b.openFile(path.Join(blobDir(name), entry.Name()), strings.ReplaceAll(contentType, "_", "/"))
		}
	}
	return chat.OpenedBlob{}, chat.ErrNotFound
}

func (b localBackend) openFile(name, contentType string) (chat.OpenedBlob, error) {
	f, err := b.root.Open(name)
	if err != nil {
		return chat.OpenedBlob{}, mapFileError(err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return chat.OpenedBlob{}, mapFileError(err)
	}
	return chat.OpenedBlob{ReadSeekCloser: f, Type: contentType, Size: info.Size()}, nil
}

func (b localBackend) claimOwner(_ context.Context, owner string) (string, error) {
	if found, err := b.root.ReadFile(ownerFile); !errors.Is(err, fs.ErrNotExist) {
		return string(found), err
	}
	temp := path.Join(incomingDir, newObjectName())
	if err := b.root.WriteFile(temp, []byte(owner), 0o600); err != nil {
		return "", err
	}
	if err := b.fsync(temp); err != nil {
		return "", err
	}
	if err := b.root.Rename(temp, ownerFile); err != nil {
		return "", err
	}
	return owner, b.fsync(".")
}

func (b localBackend) close() {}

// mapFileError converts an error of the file system: it returns ErrNotFound for a missing file and StorageUnavailable
// for every other error.
func mapFileError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return chat.ErrNotFound
	}
	return chat.StorageUnavailable(err)
}

// delete deletes a file. It first renames the file's directory, so that all variants disappear at once, and then
// deletes the contents.
func (b localBackend) delete(_ context.Context, name string) error {
	deleted := path.Join(incomingDir, newObjectName())
	if err := b.root.Rename(blobDir(name), deleted); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return chat.StorageUnavailable(err)
	}
	if err := b.root.RemoveAll(deleted); err != nil {
		return chat.StorageUnavailable(err)
	}
	return nil
}

func (b localBackend) list(ctx context.Context) iter.Seq2[chat.StoredObject, error] {
	return func(yield func(chat.StoredObject, error) bool) {
		for shard, err := range readDir(b.root, blobsDir) {
			if err != nil {
				yield(chat.StoredObject{}, chat.StorageUnavailable(err))
				return
			}
			if !b.listShard(ctx, shard.Name(), yield) {
				return
			}
		}
	}
}

// listShard yields the files of one shard (directory of files with the same first two characters). It returns false if
// yield returned false, which means that the caller wants no more files.
func (b localBackend) listShard(ctx context.Context, shard string, yield func(chat.StoredObject, error) bool) bool {
	for entry, err := range readDir(b.root, path.Join(blobsDir, shard)) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return yield(chat.StoredObject{}, chat.StorageUnavailable(err))
		}
		info, err := entry.Info()
		if err != nil || !isObjectName(entry.Name()) {
			continue
		}
		if !yield(chat.StoredObject{Name: entry.Name(), StoredAt: info.ModTime()}, nil) {
			return false
		}
	}
	return true
}

// readDir yields the entries of a directory. It reads them in batches, so that the memory that it needs does not depend
// on the size of the directory.
func readDir(root *os.Root, dir string) iter.Seq2[fs.DirEntry, error] {
	const batchSize = 256
	return func(yield func(fs.DirEntry, error) bool) {
		d, err := root.Open(dir)
		if err != nil {
			yield(nil, err)
			return
		}
		defer d.Close()
		for {
			batch, err := d.ReadDir(batchSize)
			for _, entry := range batch {
				if !yield(entry, nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}
