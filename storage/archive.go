package storage

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"charla/chat"
)

// Archive writes the files of a local directory into a tar archive, from which they can be restored by unpacking it. It
// only reads the directory, so a server may go on using it.
type Archive struct {
	root  *os.Root // nil if there is no directory
	tar   *tar.Writer
	added map[string]bool // objects and directories in the archive
	count int
}

// NewArchive returns an Archive that reads the directory dir of a local Store and writes to w. A missing directory
// counts as empty.
func NewArchive(dir string, w *tar.Writer) (*Archive, error) {
	root, err := os.OpenRoot(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &Archive{root: root, tar: w, added: map[string]bool{}}, nil
}

// Close releases the directory.
func (a *Archive) Close() error {
	if a.root == nil {
		return nil
	}
	return a.root.Close()
}

// Count returns how many objects the archive contains.
func (a *Archive) Count() int { return a.count }

// AddAll adds the mark of the owner and all objects. It leaves out objects that are deleted meanwhile.
func (a *Archive) AddAll(ctx context.Context) error {
	if a.root == nil {
		return nil
	}
	if err := a.addFiles(".", ownerFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for object, err := range (localBackend{a.root}).list(ctx) {
		if err != nil {
			return err
		}
		if err := a.Add(object.Name); err != nil && !errors.Is(err, chat.ErrNotFound) {
			return err
		}
	}
	return nil
}

// Add adds an object with all its variants, unless the archive contains it. It returns chat.ErrNotFound if the object
// does not exist, or is deleted at this moment.
func (a *Archive) Add(object string) error {
	if a.added[object] {
		return nil
	}
	if a.root == nil || !isObjectName(object) {
		return chat.ErrNotFound
	}
	var names []string
	for entry, err := range readDir(a.root, blobDir(object)) {
		if err != nil {
			return mapFileError(err)
		}
		names = append(names, entry.Name())
	}
	if err := a.addFiles(blobDir(object), names...); errors.Is(err, fs.ErrNotExist) {
		return chat.ErrNotFound
	} else if err != nil {
		return err
	}
	a.added[object] = true
	a.count++
	return nil
}

// addFiles adds files of a directory. It opens all of them before it writes the first, so that the archive gets all or
// none. A deletion first renames the directory, so if the directory is still there afterwards, the caller has read a
// complete list of its files.
func (a *Archive) addFiles(dir string, names ...string) error {
	var files []*os.File
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	for _, name := range names {
		f, err := a.root.Open(path.Join(dir, name))
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	if _, err := a.root.Stat(dir); err != nil {
		return err
	}
	for i, f := range files {
		if err := a.write(path.Join(dir, names[i]), f); err != nil {
			return err
		}
	}
	return nil
}

// write adds a file to the archive, below the directory files.
func (a *Archive) write(name string, f *os.File) error {
	name = path.Join("files", name)
	if err := a.writeDir(path.Dir(name)); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}
	if err := a.tar.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(a.tar, f)
	return err
}

// writeDir adds a directory and those above it to the archive, so that only their owner can read them after unpacking.
func (a *Archive) writeDir(dir string) error {
	if dir == "." || a.added[dir] {
		return nil
	}
	if err := a.writeDir(path.Dir(dir)); err != nil {
		return err
	}
	a.added[dir] = true
	return a.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o700})
}
