package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"charla/chat"
)

// s3Backend stores each variant of a file as an object in an S3 bucket. The key of the object begins with the name of
// the file.
type s3Backend struct {
	core      *minio.Core
	transport *http.Transport
	bucket    string
	root      *os.Root // of the incoming files
}

// Limits of requests to S3.
const (
	maxAttempts       = 2
	requestTimeout    = 20 * time.Second // of a request without a large body
	minBytesPerSecond = 256 << 10        // an upload may take requestTimeout plus its size at this rate
)

// CheckS3 returns an error unless rawURL describes a bucket. The form is https://KEY:SECRET@host/bucket?region=… or the
// same with http://. The error does not contain the URL, which holds the secret.
func CheckS3(rawURL string) error {
	_, err := parseS3(rawURL)
	return err
}

func parseS3(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("must be https://KEY:SECRET@host/bucket")
	}
	if secret, given := u.User.Password(); !given || secret == "" || u.User.Username() == "" {
		return nil, errors.New("must have a key and a secret before its host: https://KEY:SECRET@host/bucket; " +
			"percent-encode special characters in them")
	}
	if bucket := strings.Trim(u.Path, "/"); bucket == "" || strings.Contains(bucket, "/") {
		return nil, errors.New("must name a bucket after its host, and nothing below the bucket")
	}
	for name := range u.Query() {
		if name != "region" {
			return nil, errors.New("may have only one parameter, ?region=…")
		}
	}
	return u, nil
}

// OpenS3 opens a store in the bucket that rawURL describes, and creates the bucket if necessary. Files lie in the local
// directory dir until they are committed. Errors are one line and contain no secret.
func OpenS3(ctx context.Context, rawURL, dir string) (*Store, error) {
	u, err := parseS3(rawURL)
	if err != nil {
		return nil, err
	}
	backend, err := connectS3(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("S3 at %s: %w", u.Host, err)
	}
	if backend.root, err = openRoot(dir); err != nil {
		return nil, err
	}
	return &Store{backend.root, backend}, nil
}

// connectS3 returns a backend for the bucket that u describes. It creates the bucket if necessary and fails if the
// server does not accept the credentials.
func connectS3(ctx context.Context, u *url.URL) (*s3Backend, error) {
	secret, _ := u.User.Password()
	region := u.Query().Get("region")
	transport := newTransport()
	core, err := minio.NewCore(u.Host, &minio.Options{
		Creds:      credentials.NewStaticV4(u.User.Username(), secret, ""),
		Secure:     u.Scheme == "https",
		Region:     region,
		Transport:  transport,
		MaxRetries: maxAttempts,
	})
	if err != nil {
		return nil, err
	}
	b := &s3Backend{core: core, transport: transport, bucket: strings.Trim(u.Path, "/")}
	return b, b.ensureBucket(ctx, region)
}

func (b *s3Backend) ensureBucket(ctx context.Context, region string) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	exists, err := b.core.BucketExists(ctx, b.bucket)
	if err == nil && !exists {
		err = b.core.MakeBucket(ctx, b.bucket, minio.MakeBucketOptions{Region: region})
	}
	switch response := minio.ToErrorResponse(err); {
	case response.StatusCode == http.StatusForbidden:
		return errors.New("the server refuses the key and secret of S3_URL, or they may not use its bucket")
	case response.Code == minio.BucketAlreadyOwnedByYou: // another node created it at the same time
		return nil
	}
	return err
}

const keyPrefix = "files/"

func (b *s3Backend) objectKey(name string, variant chat.Variant) string {
	return keyPrefix + name + "/" + strings.TrimSuffix(storedVariant{variant: variant}.filePrefix(), ".")
}

// put uploads all variants of a file, the original last. If an upload fails, put tries to delete the variants that were
// already uploaded.
func (b *s3Backend) put(ctx context.Context, name, dir string, variants []storedVariant) error {
	for i := len(variants) - 1; i >= 0; i-- {
		if err := b.upload(ctx, name, dir, variants[i]); err != nil {
			b.rollBack(ctx, name)
			return err
		}
	}
	return nil
}

// rollBack deletes the variants of a file that were uploaded before an upload failed. It gives up after a short time,
// because a user waits for the result. The hourly deletion of unreferenced files deletes the rest.
func (b *s3Backend) rollBack(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), idleTimeout/2)
	defer cancel()
	b.delete(ctx, name)
}

// upload uploads one variant from the local directory. It sends the checksum with the request, so that the server can
// compare it with the bytes that arrived. It does not load the file into memory, so that large files take no more than
// small ones.
func (b *s3Backend) upload(ctx context.Context, name, dir string, v storedVariant) error {
	file, err := b.root.Open(path.Join(dir, v.fileName()))
	if err != nil {
		return chat.StorageUnavailable(err)
	}
	defer file.Close()
	ctx, cancel := context.WithTimeout(ctx, requestTimeout+time.Duration(v.length)*time.Second/minBytesPerSecond)
	defer cancel()
	for range maxAttempts {
		if err = b.uploadOnce(ctx, name, v, file); err == nil || ctx.Err() != nil {
			break
		}
	}
	return mapS3Error(err)
}

// uploadOnce makes one attempt to upload a variant. It prevents the S3 client from repeating the request by itself, by
// passing a body that cannot seek. net/http may still be reading the body of a request after its response has arrived,
// and would take bytes away from a second request with the same body.
func (b *s3Backend) uploadOnce(ctx context.Context, name string, v storedVariant, file io.ReaderAt) error {
	body := struct{ io.Reader }{io.NewSectionReader(file, 0, v.length)}
	info, err := b.core.PutObject(ctx, b.bucket, b.objectKey(name, v.variant), body, v.length, "", v.checksum,
		minio.PutObjectOptions{
			ContentType:          v.contentType,
			DisableContentSha256: true, // no checksum per chunk: the request is signed with the checksum of the file
		})
	if err == nil && info.ETag == "" {
		return errors.New("the response to an upload has no ETag: the server may be a proxy or a log-in page, not S3")
	}
	return err
}

// fullCodes are the codes with which S3-compatible servers say that they have no space left for this user, beside the
// status 507.
var fullCodes = []string{"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"}

// mapS3Error converts an error of the S3 client. It returns ErrNotFound for a missing object, DiskFull if the server
// has no space left, and StorageUnavailable for every other error.
func mapS3Error(err error) error {
	switch response := minio.ToErrorResponse(err); {
	case err == nil:
		return nil
	case response.Code == minio.NoSuchKey:
		return chat.ErrNotFound
	case response.StatusCode == http.StatusInsufficientStorage, slices.Contains(fullCodes, response.Code):
		return chat.DiskFull(err)
	}
	return chat.StorageUnavailable(err)
}

func (b *s3Backend) open(ctx context.Context, name string, variant chat.Variant) (chat.OpenedBlob, error) {
	fetch := func(offset int64) (io.ReadCloser, minio.ObjectInfo, error) {
		return b.fetch(ctx, b.objectKey(name, variant), offset)
	}
	body, info, err := fetch(0)
	if err != nil {
		return chat.OpenedBlob{}, err
	}
	reader := &s3Reader{fetch: fetch, body: body, size: info.Size}
	return chat.OpenedBlob{ReadSeekCloser: reader, Type: info.ContentType, Size: info.Size}, nil
}

// fetch returns the bytes of an object from the offset to the end, and the metadata of the object.
func (b *s3Backend) fetch(ctx context.Context, key string, offset int64) (io.ReadCloser, minio.ObjectInfo, error) {
	var options minio.GetObjectOptions
	if offset > 0 {
		if err := options.SetRange(offset, 0); err != nil {
			return nil, minio.ObjectInfo{}, err
		}
	}
	body, info, header, err := b.core.GetObject(ctx, b.bucket, key, options)
	if err != nil {
		return nil, info, mapS3Error(err)
	}
	if offset > 0 && !strings.HasPrefix(header.Get("Content-Range"), fmt.Sprintf("bytes %d-", offset)) {
		body.Close()
		return nil, info, chat.StorageUnavailable(errors.New("S3 returned another range than requested"))
	}
	return body, info, nil
}

func (b *s3Backend) delete(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	variants := []chat.Variant{chat.VariantOriginal, chat.VariantMedium, chat.VariantThumb, chat.VariantSquare}
	for _, v := range variants {
		err := b.core.RemoveObject(ctx, b.bucket, b.objectKey(name, v), minio.RemoveObjectOptions{})
		if err != nil {
			return mapS3Error(err)
		}
	}
	return nil
}

func (b *s3Backend) claimOwner(ctx context.Context, owner string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	const key = keyPrefix + ownerFile
	body, _, err := b.fetch(ctx, key, 0)
	if errors.Is(err, chat.ErrNotFound) {
		_, err = b.core.PutObject(ctx, b.bucket, key, strings.NewReader(owner), int64(len(owner)), "", "",
			minio.PutObjectOptions{})
		return owner, mapS3Error(err)
	}
	if err != nil {
		return "", err
	}
	defer body.Close()
	found, err := io.ReadAll(io.LimitReader(body, 1<<10))
	return string(found), err
}

func (b *s3Backend) close() { b.transport.CloseIdleConnections() }

// list yields each stored file once. A file has one object for each variant, but these objects follow one another in
// the list of the bucket.
func (b *s3Backend) list(ctx context.Context) iter.Seq2[chat.StoredObject, error] {
	return func(yield func(chat.StoredObject, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var last chat.StoredObject
		options := minio.ListObjectsOptions{Prefix: keyPrefix, Recursive: true}
		for o := range b.core.ListObjectsIter(ctx, b.bucket, options) {
			if o.Err != nil {
				yield(chat.StoredObject{}, mapS3Error(o.Err))
				return
			}
			name, _, _ := strings.Cut(strings.TrimPrefix(o.Key, keyPrefix), "/")
			if name != last.Name && last.Name != "" && !yield(last, nil) {
				return
			}
			if last = (chat.StoredObject{Name: name, StoredAt: o.LastModified}); !isObjectName(name) {
				last = chat.StoredObject{}
			}
		}
		if last.Name != "" {
			yield(last, nil)
		}
	}
}
