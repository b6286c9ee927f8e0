package files

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

// local keeps each file as a directory with its forms, spread over directories of the first two letters.
type local struct{ root *os.Root }

func place(name string) string { return path.Join(kept, name[:2], name) }

// put moves the directory to its place, after its bytes are on disk: a crash leaves all of it or nothing there.
func (l local) put(_ context.Context, name, dir string, forms []form) error {
	var err error
	for _, f := range forms {
		err = errors.Join(err, l.sync(path.Join(dir, f.fileName())))
	}
	err = errors.Join(err, l.sync(dir))
	if err == nil {
		err = l.spread(name[:2])
	}
	if err == nil {
		err = l.root.Rename(dir, place(name))
	}
	if err == nil {
		err = l.sync(path.Dir(place(name)))
	}
	if err != nil {
		l.root.RemoveAll(place(name))
		return chat.VaultAway(err)
	}
	return nil
}

// spread makes the directory of two letters if it is the first time.
func (l local) spread(letters string) error {
	if err := l.root.Mkdir(path.Join(kept, letters), 0o700); errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil {
		return err
	}
	return l.sync(kept)
}

// sync waits until a file, or which names a directory has, is on disk.
func (l local) sync(name string) error {
	f, err := l.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func (l local) open(_ context.Context, name string, size chat.Size) (chat.Opened, error) {
	prefix := form{size: size}.prefix()
	for entry, err := range entries(l.root, place(name)) {
		if err != nil {
			return chat.Opened{}, missing(err)
		}
		if mime, ok := strings.CutPrefix(entry.Name(), prefix); ok {
			return l.file(path.Join(place(name), entry.Name()), strings.ReplaceAll(mime, "_", "/"))
		}
	}
	return chat.Opened{}, chat.ErrNotFound
}

func (l local) file(name, mime string) (chat.Opened, error) {
	f, err := l.root.Open(name)
	if err != nil {
		return chat.Opened{}, missing(err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return chat.Opened{}, missing(err)
	}
	return chat.Opened{ReadSeekCloser: f, Type: mime, Size: info.Size()}, nil
}

func (l local) mark(_ context.Context, owner string) (string, error) {
	if found, err := l.root.ReadFile(marked); !errors.Is(err, fs.ErrNotExist) {
		return string(found), err
	}
	fresh := path.Join(arriving, newName())
	err := l.root.WriteFile(fresh, []byte(owner), 0o600)
	if err == nil {
		err = l.sync(fresh)
	}
	if err == nil {
		err = l.root.Rename(fresh, marked)
	}
	if err == nil {
		err = l.sync(".")
	}
	return owner, err
}

func (l local) close() {}

// missing tells what is not there from what cannot be read.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return chat.ErrNotFound
	}
	return chat.VaultAway(err)
}

// delete takes the directory away at once, whatever is in it, and then apart.
func (l local) delete(_ context.Context, name string) error {
	gone := path.Join(arriving, newName())
	if err := l.root.Rename(place(name), gone); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return chat.VaultAway(err)
	}
	if err := l.root.RemoveAll(gone); err != nil {
		return chat.VaultAway(err)
	}
	return nil
}

func (l local) list(ctx context.Context) iter.Seq2[chat.Object, error] {
	return func(yield func(chat.Object, error) bool) {
		for letters, err := range entries(l.root, kept) {
			if err != nil {
				yield(chat.Object{}, chat.VaultAway(err))
				return
			}
			if !l.listOf(ctx, letters.Name(), yield) {
				return
			}
		}
	}
}

// listOf lists what begins with two letters, and tells whether to go on.
func (l local) listOf(ctx context.Context, letters string, yield func(chat.Object, error) bool) bool {
	for entry, err := range entries(l.root, path.Join(kept, letters)) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return yield(chat.Object{}, chat.VaultAway(err))
		}
		info, err := entry.Info()
		if err == nil && isName(entry.Name()) && !yield(chat.Object{Name: entry.Name(), At: info.ModTime()}, nil) {
			return false
		}
	}
	return true
}

// entries reads a directory in pieces, so that a large one takes no more memory than a small one.
func entries(root *os.Root, dir string) iter.Seq2[fs.DirEntry, error] {
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
