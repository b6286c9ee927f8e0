package chat

import (
	"context"
	"errors"
	"io"
	"iter"
	"syscall"
	"time"
)

// BlobReader reads blobs. A blob is a database row that describes stored bytes.
type BlobReader interface {
	// BlobByHash returns the blob that was made from bytes with this SHA-256 hash.
	BlobByHash(ctx context.Context, hash string) (id int64, b Blob, err error)
}

// BlobWriter stores blobs.
type BlobWriter interface {
	// InsertBlob adds a blob, unless a blob with the same hash exists.
	InsertBlob(ctx context.Context, b Blob, at Timestamp) error
}

// BlobStore stores the bytes of files as objects. It chooses the names of the objects. Its methods return an Error with
// the code Unavailable if the storage does not answer.
type BlobStore interface {
	// Receive reads a file of at most limit bytes into temporary storage. It returns ErrFileTooLarge for a larger file,
	// and errors of r unchanged. The caller must call Abort on the result, even after Commit.
	Receive(ctx context.Context, r io.Reader, limit int64) (IncomingBlob, error)
	// Open opens one variant of an object. It returns ErrNotFound if there is no such object. The caller must know that
	// the object has this variant.
	Open(ctx context.Context, object string, variant Variant) (OpenedBlob, error)
	// Delete deletes an object with all its variants. It does nothing if there is no such object.
	Delete(ctx context.Context, object string) error
	// RemoveTemp deletes temporary files that processes left behind because they ended before Commit or Abort.
	RemoveTemp() error
	// Objects iterates over all objects.
	Objects(ctx context.Context) iter.Seq2[StoredObject, error]
}

// IncomingBlob is a file that was received into temporary storage.
type IncomingBlob interface {
	// Hash returns the SHA-256 of the received bytes in hexadecimal.
	Hash() string
	// Commit detects the type of the file, makes the variants of a picture, and stores everything as an object. It
	// returns Invalid for a picture that is too large. A picture that cannot be decoded, and a video whose structure is
	// unknown, are stored unchanged; see File.IsUnchanged. If Commit fails, nothing stays stored and the caller may try
	// again.
	Commit(ctx context.Context) (Blob, error)
	// Abort deletes the temporary file. It has no effect on an object that Commit stored, and may be called more than
	// once.
	Abort()
}

// Blob describes a stored object. A picture is encoded again from its pixels, so that no location, camera model or
// other hidden data of the uploaded file remains. Videos lose their location and camera model too.
type Blob struct {
	Object   string `db:"object"` // name in the blob store
	Hash     string `db:"hash"`
	Type     string `db:"type"`     // media type, detected from the bytes; application/octet-stream unless safe
	Size     int64  `db:"size"`     // of the original variant, in bytes
	Width    int    `db:"width"`    // of a picture, in pixels as it is shown; zero for other files
	Height   int    `db:"height"`   // like Width
	Animated bool   `db:"animated"` // an animated picture; its smaller variants are still
}

// Variant names one of the forms in which a file is stored, for example a thumbnail.
type Variant string

// The variants. Every file has the original variant; a picture has all of them. No variant has more pixels than the
// original. If the medium variant would equal the original, the original is opened instead.
const (
	VariantOriginal Variant = ""
	VariantThumb    Variant = "thumb"  // at most 320 pixels on the longer side
	VariantMedium   Variant = "medium" // at most 960 pixels on the longer side
	VariantSquare   Variant = "square" // 128 by 128 pixels, cut from the centre, for avatars
)

// OpenedBlob is a variant of an object, opened for reading.
type OpenedBlob struct {
	io.ReadSeekCloser
	Type string // media type
	Size int64  // in bytes
}

// StoredObject is the name of an object and when it was stored.
type StoredObject struct {
	Name     string
	StoredAt time.Time
}

// StorageUnavailable wraps the cause of a failure of the blob store that may be temporary. If the cause is a full disk
// or an exhausted quota of the operating system, it returns DiskFull.
func StorageUnavailable(cause error) *Error {
	if errors.Is(cause, syscall.ENOSPC) || errors.Is(cause, syscall.EDQUOT) {
		return DiskFull(cause)
	}
	return &Error{
		Code: Unavailable, Format: "Files aren't available right now. Try again in a moment.",
		RetryAfter: 2 * time.Second, cause: cause,
	}
}

// ErrFileTooLarge is returned by BlobStore.Receive for a file with too many bytes.
var ErrFileTooLarge = Errorf(TooLarge, "This file is too large.")
