package dbtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"charla/chat"
)

// Vault is a chat.Vault in memory, for tests of what is around it.
type Vault struct {
	mu      sync.Mutex // guards all below
	objects map[string]kept
	Down    error // what everything answers, if set
}

type kept struct {
	data []byte
	kind string
	at   time.Time
}

// NewVault returns an empty vault.
func NewVault() *Vault { return &Vault{objects: map[string]kept{}} }

type incoming struct {
	v    *Vault
	data []byte
}

// Receive reads everything.
func (v *Vault) Receive(_ context.Context, r io.Reader, limit int64) (chat.Incoming, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = chat.ErrTooLarge
	}
	return incoming{v, data}, err
}

func (in incoming) Hash() string {
	sum := sha256.Sum256(in.data)
	return hex.EncodeToString(sum[:])
}

func (in incoming) Keep(context.Context) (chat.Content, error) {
	in.v.mu.Lock()
	defer in.v.mu.Unlock()
	if in.v.Down != nil {
		return chat.Content{}, in.v.Down
	}
	c := chat.Content{Object: rand.Text(), Hash: in.Hash(), Type: "application/octet-stream", Size: int64(len(in.data))}
	if kind := http.DetectContentType(in.data); strings.HasPrefix(kind, "image/") {
		c.Type, c.Width, c.Height = kind, 4, 3
	}
	in.v.objects[c.Object] = kept{in.data, c.Type, time.Now()}
	return c, nil
}

func (in incoming) Discard() {}

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

// Open opens the same bytes in every size.
func (v *Vault) Open(_ context.Context, object string, _ chat.Size) (chat.Opened, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	k, ok := v.objects[object]
	if !ok {
		return chat.Opened{}, chat.ErrNotFound
	}
	return chat.Opened{ReadSeekCloser: content{bytes.NewReader(k.data)}, Type: k.kind, Size: int64(len(k.data))}, v.Down
}

// Delete forgets an object.
func (v *Vault) Delete(_ context.Context, object string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.objects, object)
	return v.Down
}

// Objects lists what is there.
func (v *Vault) Objects(context.Context) iter.Seq2[chat.Object, error] {
	v.mu.Lock()
	defer v.mu.Unlock()
	objects := maps.Clone(v.objects)
	return func(yield func(chat.Object, error) bool) {
		for name, k := range objects {
			if !yield(chat.Object{Name: name, At: k.at}, nil) {
				return
			}
		}
	}
}
