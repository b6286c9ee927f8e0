package files

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
	vault *Vault
	dir   string
	hash  hash.Hash // of the bytes as they came
	sum   string    // of those that lie there, hex
}

const received = "received"

func (i *incoming) receive(ctx context.Context, r io.Reader, limit int64) error {
	root := i.vault.root
	if err := root.Mkdir(i.dir, 0o700); err != nil {
		return chat.VaultAway(err)
	}
	file, err := create(root, path.Join(i.dir, received))
	if err != nil {
		return err
	}
	defer file.Close()
	w := &written{file: file, hash: i.hash}
	if _, err := io.Copy(w, io.LimitReader(reader{ctx, r}, limit+1)); err != nil {
		return err
	}
	if w.n > limit {
		return chat.ErrTooLarge
	}
	i.sum = i.Hash()
	return nil
}

func create(root *os.Root, name string) (*os.File, error) {
	file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, chat.VaultAway(err)
	}
	return file, nil
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

func (i *incoming) Hash() string { return hex.EncodeToString(i.hash.Sum(nil)) }

func (i *incoming) Discard() { i.vault.root.RemoveAll(i.dir) }

// Keep finds out what the file is, and keeps it in all its sizes.
func (i *incoming) Keep(ctx context.Context) (chat.Content, error) {
	root, name := i.vault.root, newName()
	file, err := root.OpenFile(path.Join(i.dir, received), os.O_RDWR, 0)
	if err != nil {
		return chat.Content{}, chat.VaultAway(err)
	}
	defer file.Close()
	made := &forms{root: root, dir: path.Join(i.dir, name)}
	defer root.RemoveAll(made.dir)
	if err := root.Mkdir(made.dir, 0o700); err != nil {
		return chat.Content{}, chat.VaultAway(err)
	}
	kind := detect(file)
	content := chat.Content{Object: name, Hash: i.Hash(), Type: typeOf(kind)}
	if images.Kind(content.Type) {
		err = made.picture(ctx, file, &content)
	} else if err = i.forgetPlace(file, kind); err == nil {
		err = made.document(file, content.Type, i.sum)
	}
	if err == nil {
		err = i.vault.store.put(ctx, name, made.dir, made.all)
	}
	if err != nil {
		return chat.Content{}, err
	}
	content.Type, content.Size = made.all[0].mime, made.all[0].bytes
	return content, nil
}

// forms are what is made of a file, in a directory.
type forms struct {
	root *os.Root
	dir  string
	all  []form // the whole first
}

// picture makes the sizes of a picture, and finds its width and height.
func (f *forms) picture(ctx context.Context, src io.ReadSeeker, content *chat.Content) error {
	p, err := images.Make(ctx, src, content.Type, func(form images.Form) error { return f.write(form) })
	content.Width, content.Height, content.Moves = p.Width, p.Height, p.Moves
	return err
}

func (f *forms) write(made images.Form) error {
	next := form{size: made.Size, mime: made.Type}
	file, err := create(f.root, path.Join(f.dir, next.fileName()))
	if err != nil {
		return err
	}
	defer file.Close()
	w := &written{file: file, hash: sha256.New()}
	if err := made.Write(w); err != nil {
		return err
	}
	next.bytes, next.sum = w.n, w.sum()
	f.all = append(f.all, next)
	return nil
}

// forgetPlace takes the place out of a film, and sums it up anew where there was one.
func (i *incoming) forgetPlace(file *os.File, kind string) error {
	if !slices.Contains(boxed, kind) {
		return nil
	}
	info, err := file.Stat()
	if err != nil {
		return chat.VaultAway(err)
	}
	blanked, err := forgetPlace(film{file: file, size: info.Size()})
	if err == nil && blanked {
		sum := sha256.New()
		_, err = io.Copy(sum, io.NewSectionReader(file, 0, info.Size()))
		i.sum = hex.EncodeToString(sum.Sum(nil))
	}
	if err != nil {
		return chat.VaultAway(err)
	}
	return nil
}

// document is kept as it lies there. The second name costs nothing where the file system knows such, and else it moves.
func (f *forms) document(file *os.File, mime, sum string) error {
	info, err := file.Stat()
	if err != nil {
		return chat.VaultAway(err)
	}
	whole := form{chat.Whole, mime, info.Size(), sum}
	from, to := path.Join(path.Dir(f.dir), received), path.Join(f.dir, whole.fileName())
	if f.root.Link(from, to) != nil {
		err = f.root.Rename(from, to)
	}
	if err != nil {
		return chat.VaultAway(err)
	}
	f.all = []form{whole}
	return nil
}
