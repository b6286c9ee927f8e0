package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path"

	"charla/chat"
	"charla/images"
)

// incoming is a file that was received but is not committed yet. It lies in a directory of its own.
type incoming struct {
	store    *Store
	dir      string
	hash     hash.Hash // of the bytes as they were sent
	checksum string    // SHA-256 of the file in dir, hex; differs from hash after stripGPS
}

// receivedFile is the name under which the received bytes lie in the directory of an incoming file.
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

// contextReader is a reader that returns the error of its context once the context is done.
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

// Commit stores the received file: it detects the content type, creates the variants of the file, such as smaller
// images, and stores all of them.
func (i *incoming) Commit(ctx context.Context) (chat.Blob, error) {
	root, name := i.store.root, newObjectName()
	file, err := root.OpenFile(path.Join(i.dir, receivedFile), os.O_RDWR, 0)
	if err != nil {
		return chat.Blob{}, chat.StorageUnavailable(err)
	}
	defer file.Close()
	variants := &variantWriter{root: root, dir: path.Join(i.dir, name)}
	defer root.RemoveAll(variants.dir)
	if err := root.Mkdir(variants.dir, 0o700); err != nil {
		return chat.Blob{}, chat.StorageUnavailable(err)
	}
	blob := chat.Blob{Object: name, Hash: i.Hash()}
	if err := i.writeVariants(ctx, variants, file, &blob); err != nil {
		return chat.Blob{}, err
	}
	if err := i.store.backend.put(ctx, name, variants.dir, variants.written); err != nil {
		return chat.Blob{}, err
	}
	blob.Type, blob.Size = variants.written[0].contentType, variants.written[0].length
	return blob, nil
}

// writeVariants writes the variants of a file. If the file is an image, it also sets width, height and animation of the
// blob. An image that cannot be decoded is kept like any other file.
func (i *incoming) writeVariants(ctx context.Context, w *variantWriter, file *os.File, blob *chat.Blob) error {
	detected := detectType(file)
	contentType := allowedType(detected)
	if images.IsSupported(contentType) {
		if err := w.writeImage(ctx, file, contentType, blob); !errors.Is(err, images.ErrUndecodable) {
			return err
		}
	}
	if isMP4(file, detected) {
		var err error
		if contentType, err = i.stripGPS(file, detected); err != nil {
			return chat.StorageUnavailable(err)
		}
	}
	return w.linkOriginal(file, contentType, i.checksum)
}

// stripGPS removes metadata about where, when and with which device a video or audio file was recorded, and returns the
// content type of the file. If that changes the file, it also computes the checksum again. A file that it does not
// understand stays unchanged.
func (i *incoming) stripGPS(file *os.File, detected string) (contentType string, err error) {
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	f := mp4File{file: file, size: info.Size()}
	switch err := f.findPrivate(); {
	case (err == nil || err == errNotMP4) && detected == unknownType && !f.moov:
		return unknownType, nil
	case err == errNotMP4:
		return chat.UnchangedVideo, nil
	case err != nil:
		return "", err
	}
	if contentType = allowedType(f.contentType(detected)); contentType == unknownType {
		return chat.UnchangedVideo, nil
	}
	if len(f.erased) == 0 {
		return contentType, nil
	}
	if err := f.apply(); err != nil {
		return "", err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(file, 0, info.Size())); err != nil {
		return "", err
	}
	i.checksum = hex.EncodeToString(sum.Sum(nil))
	return contentType, nil
}

// variantWriter writes the variants of a file into a directory and lists what it has written.
type variantWriter struct {
	root    *os.Root
	dir     string
	written []storedVariant // the original first
}

// writeImage writes all variants of an image and sets width, height and animation of the blob.
func (w *variantWriter) writeImage(ctx context.Context, src io.ReadSeeker, contentType string, blob *chat.Blob) error {
	image, err := images.Process(ctx, src, contentType, w.writeVariant)
	blob.Width, blob.Height, blob.Animated = image.Width, image.Height, image.Animated
	return err
}

func (w *variantWriter) writeVariant(r images.Rendition) error {
	v := storedVariant{variant: r.Variant, contentType: r.MIMEType}
	file, err := createFile(w.root, path.Join(w.dir, v.fileName()))
	if err != nil {
		return err
	}
	defer file.Close()
	out := &hashingWriter{file: file, hash: sha256.New()}
	if err := r.Write(out); err != nil {
		return err
	}
	v.length, v.checksum = out.count, out.checksum()
	w.written = append(w.written, v)
	return nil
}

// linkOriginal makes the received file, unchanged, the only variant, by means of a hard link. On a file system without
// hard links it moves the file instead; then the file cannot be committed again if the commit fails later.
func (w *variantWriter) linkOriginal(file *os.File, contentType, checksum string) error {
	info, err := file.Stat()
	if err != nil {
		return chat.StorageUnavailable(err)
	}
	original := storedVariant{chat.VariantOriginal, contentType, info.Size(), checksum}
	from, to := path.Join(path.Dir(w.dir), receivedFile), path.Join(w.dir, original.fileName())
	if w.root.Link(from, to) != nil {
		err = w.root.Rename(from, to)
	}
	if err != nil {
		return chat.StorageUnavailable(err)
	}
	w.written = []storedVariant{original}
	return nil
}
