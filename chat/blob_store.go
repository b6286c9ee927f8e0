package chat

import (
	"context"
	"io"
	"iter"
	"time"
)

// BlobReader reads the rows of blobs.
type BlobReader interface {
	// BlobByHash returns the blob that was made from bytes with this SHA-256 hash.
	BlobByHash(ctx context.Context, hash string) (id int64, b Blob, err error)
}

// BlobWriter stores the rows of blobs.
type BlobWriter interface {
	// InsertBlob adds a blob, unless one with its hash exists.
	InsertBlob(ctx context.Context, b Blob, at Timestamp) error
}

// BlobStore keeps the bytes of files, under names of its own. What it needs of the outside answers Unavailable when it
// is away.
type BlobStore interface {
	// Receive takes a file of at most limit bytes from r, into a place that is not kept. It answers ErrFileTooLarge for
	// more, and the error of r as it is. Discard must be called on what it returns.
	Receive(ctx context.Context, r io.Reader, limit int64) (IncomingBlob, error)
	// Open opens a kept file in a size that its content has. ErrNotFound means that it is not there.
	Open(ctx context.Context, object string, size Variant) (OpenedBlob, error)
	// Delete forgets a kept file in all sizes. One that is not there is no error.
	Delete(ctx context.Context, object string) error
	// RemoveTemp clears what was received by a process that ended before it kept or discarded it.
	RemoveTemp() error
	// Objects lists what is kept, each once, and when that was.
	Objects(ctx context.Context) iter.Seq2[StoredObject, error]
}

// IncomingBlob is a file that was received and is not kept yet.
type IncomingBlob interface {
	Hash() string // SHA-256 of the bytes as they came, hex: the same bytes are the same content
	// Commit, which may be called again, finds out what the file is, makes of a picture the sizes that it is shown in,
	// and keeps it. It answers Invalid for a picture that is too large or too broken to be shown. Nothing stays of what
	// it could not keep whole.
	Commit(ctx context.Context) (Blob, error)
	// Abort forgets what was received; after Keep it does nothing to what is kept. It may be called more than once.
	Abort()
}

// Blob is what a file is, whatever its sender calls it. Of a picture, what is kept was made by us from its pixels, so
// that nothing else that was in the file is left: no place, no camera, no second file behind the first. A film keeps
// neither its place nor its camera.
type Blob struct {
	Object   string `db:"object"` // its name in the vault
	Hash     string `db:"hash"`
	Type     string `db:"type"`     // by its bytes; application/octet-stream where it is none that is known to be harmless
	Size     int64  `db:"size"`     // of what is kept as Whole, in bytes
	Width    int    `db:"width"`    // in pixels as it is shown, of a picture; otherwise 0
	Height   int    `db:"height"`   // likewise
	Animated bool   `db:"animated"` // an animated picture; Thumb and Medium stand still
}

// FileBytes is one of the forms in which a file is kept.
type Variant string

// Every file is kept Whole; a picture in the others too, none of them of more pixels than the whole. Where Medium would
// be the same, the whole is opened.
const (
	VariantOriginal Variant = ""
	VariantThumb    Variant = "thumb"  // at most 320 pixels at its longer side
	VariantMedium   Variant = "medium" // at most 960
	VariantSquare   Variant = "square" // 128 by 128, cut from the middle: a person's picture
)

// OpenedBlob is a kept file, ready to be read from any place in it.
type OpenedBlob struct {
	io.ReadSeekCloser
	Type string
	Size int64 // bytes
}

// StoredObject is a name in the vault and when it was kept.
type StoredObject struct {
	Name     string
	StoredAt time.Time
}

// StorageUnavailable wraps the failure of what keeps files.
func StorageUnavailable(cause error) *Error {
	return &Error{Code: Unavailable, Format: "Charla cannot reach its files. Try again in a moment.", RetryAfter: 2 * time.Second, cause: cause}
}

// ErrFileTooLarge answers a file of more bytes than it may have.
var ErrFileTooLarge = Errorf(TooLarge, "This file is larger than Charla takes.")
