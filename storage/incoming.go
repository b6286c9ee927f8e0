package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"os"
	"path"
	"slices"

	"charla/chat"
	"charla/images"
)

// incoming is a directory with a file as it came, or, of a film, as it came without the place where it was made.
type incoming struct {
	store    *Store
	dir      string
	hash     hash.Hash // of the bytes as they came
	checksum string    // of those that lie there, hex
}

const receivedFile = "received"

func (i *incoming) receive(ctx context.Context, r io.Reader, limit int64) error {
	root := i.store.root
	if err := root.Mkdir(i.dir, 0o700); err != nil {
		return chat.StorageUnavailable(err)
	}
	file, err := createFile(root, path.Join(i.dir, receivedFile))
	if err != nil {
		return err
	}
	defer file.Close()
	w := &hashingWriter{file: file, hash: i.hash}
	if _, err := io.Copy(w, io.LimitReader(contextReader{ctx, r}, limit+1)); err != nil {
		return err
	}
	if w.count > limit {
		return chat.ErrFileTooLarge
	}
	i.checksum = i.Hash()
	return nil
}

func createFile(root *os.Root, name string) (*os.File, error) {
	file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, chat.StorageUnavailable(err)
	}
	return file, nil
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

func (i *incoming) Hash() string { return hex.EncodeToString(i.hash.Sum(nil)) }

func (i *incoming) Abort() { i.store.root.RemoveAll(i.dir) }

// Commit finds out what the file is, and keeps it in all its sizes.
func (i *incoming) Commit(ctx context.Context) (chat.Blob, error) {
	root, name := i.store.root, newObjectName()
	file, err := root.OpenFile(path.Join(i.dir, receivedFile), os.O_RDWR, 0)
	if err != nil {
		return chat.Blob{}, chat.StorageUnavailable(err)
	}
	defer file.Close()
	made := &variantWriter{root: root, dir: path.Join(i.dir, name)}
	defer root.RemoveAll(made.dir)
	if err := root.Mkdir(made.dir, 0o700); err != nil {
		return chat.Blob{}, chat.StorageUnavailable(err)
	}
	kind := detectType(file)
	content := chat.Blob{Object: name, Hash: i.Hash(), Type: allowedType(kind)}
	if images.IsSupported(content.Type) {
		err = made.writeImage(ctx, file, &content)
	} else if err = i.stripGPS(file, kind); err == nil {
		err = made.linkDocument(file, content.Type, i.checksum)
	}
	if err == nil {
		err = i.store.backend.put(ctx, name, made.dir, made.written)
	}
	if err != nil {
		return chat.Blob{}, err
	}
	content.Type, content.Size = made.written[0].contentType, made.written[0].length
	return content, nil
}

// variantWriter are what is made of a file, in a directory.
type variantWriter struct {
	root    *os.Root
	dir     string
	written []storedVariant // the whole first
}

// testImage makes the sizes of a picture, and finds its width and height.
func (f *variantWriter) writeImage(ctx context.Context, src io.ReadSeeker, content *chat.Blob) error {
	p, err := images.Process(ctx, src, content.Type, func(form images.Rendition) error { return f.writeVariant(form) })
	content.Width, content.Height, content.Animated = p.Width, p.Height, p.Animated
	return err
}

func (f *variantWriter) writeVariant(made images.Rendition) error {
	next := storedVariant{variant: made.Variant, contentType: made.MIMEType}
	file, err := createFile(f.root, path.Join(f.dir, next.fileName()))
	if err != nil {
		return err
	}
	defer file.Close()
	w := &hashingWriter{file: file, hash: sha256.New()}
	if err := made.Write(w); err != nil {
		return err
	}
	next.length, next.checksum = w.count, w.checksum()
	f.written = append(f.written, next)
	return nil
}

// stripGPS takes the place out of a film, and sums it up anew where there was one.
func (i *incoming) stripGPS(file *os.File, kind string) error {
	if !slices.Contains(mp4Types, kind) {
		return nil
	}
	info, err := file.Stat()
	if err != nil {
		return chat.StorageUnavailable(err)
	}
	blanked, err := stripGPS(mp4File{file: file, size: info.Size()})
	if err == nil && blanked {
		sum := sha256.New()
		_, err = io.Copy(sum, io.NewSectionReader(file, 0, info.Size()))
		i.checksum = hex.EncodeToString(sum.Sum(nil))
	}
	if err != nil {
		return chat.StorageUnavailable(err)
	}
	return nil
}

// linkDocument is kept as it lies there. The second name costs nothing where the file system knows such, and else it moves.
func (f *variantWriter) linkDocument(file *os.File, mime, sum string) error {
	info, err := file.Stat()
	if err != nil {
		return chat.StorageUnavailable(err)
	}
	whole := storedVariant{chat.VariantOriginal, mime, info.Size(), sum}
	from, to := path.Join(path.Dir(f.dir), receivedFile), path.Join(f.dir, whole.fileName())
	if f.root.Link(from, to) != nil {
		err = f.root.Rename(from, to)
	}
	if err != nil {
		return chat.StorageUnavailable(err)
	}
	f.written = []storedVariant{whole}
	return nil
}
