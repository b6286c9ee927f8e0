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
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"charla/chat"
)

// s3Backend keeps each form as an object of its own, under the name of the file.
type s3Backend struct {
	core      *minio.Core
	transport *http.Transport
	bucket    string
	root      *os.Root
}

// tries is how often a request is made that did not come through; within bounds what has neither a body nor a long answer, and
// rate is how many bytes a second a store must take at least.
const (
	maxAttempts       = 2
	requestTimeout    = 20 * time.Second
	minBytesPerSecond = 256 << 10
)

// CheckS3 tells what is wrong with the URL of a bucket: https://KEY:SECRET@host/bucket?region=…, or http://. It never repeats it.
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
		return nil, errors.New("must have a key and a secret before its host: https://KEY:SECRET@host/bucket, with what is no letter or digit in percent encoding")
	}
	if bucket := strings.Trim(u.Path, "/"); bucket == "" || strings.Contains(bucket, "/") {
		return nil, errors.New("must name a bucket after its host, and nothing below it")
	}
	for name := range u.Query() {
		if name != "region" {
			return nil, errors.New("may have a region, ?region=…, and nothing else after its bucket")
		}
	}
	return u, nil
}

// OpenS3 opens a vault that keeps files in a bucket, which is made if it is missing. A file arrives in a directory of this
// machine first. An error is one line and tells no secret.
func OpenS3(ctx context.Context, rawURL, dir string) (*Store, error) {
	u, err := parseS3(rawURL)
	if err != nil {
		return nil, err
	}
	store, err := connectS3(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("S3 at %s: %w", u.Host, err)
	}
	if store.root, err = openRoot(dir); err != nil {
		return nil, err
	}
	return &Store{store.root, store}, nil
}

// connectS3 sees to it that the bucket is there, and so that the keys are right.
func connectS3(ctx context.Context, u *url.URL) (*s3Backend, error) {
	secret, _ := u.User.Password()
	region := u.Query().Get("region")
	transport := newTransport()
	core, err := minio.NewCore(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(u.User.Username(), secret, ""), Secure: u.Scheme == "https", Region: region,
		Transport: transport, MaxRetries: maxAttempts,
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	s := &s3Backend{core: core, transport: transport, bucket: strings.Trim(u.Path, "/")}
	there, err := core.BucketExists(ctx, s.bucket)
	if err == nil && !there {
		err = core.MakeBucket(ctx, s.bucket, minio.MakeBucketOptions{Region: region})
	}
	switch answer := minio.ToErrorResponse(err); {
	case answer.StatusCode == http.StatusForbidden:
		return nil, errors.New("it refuses the key and secret of S3_URL, or they may not use its bucket")
	case answer.Code == minio.BucketAlreadyOwnedByYou: // another node was faster
		return s, nil
	}
	return s, err
}

const keyPrefix = "files/"

func (s *s3Backend) objectKey(name string, size chat.Variant) string {
	return keyPrefix + name + "/" + strings.TrimSuffix(storedVariant{variant: size}.filePrefix(), ".")
}

// put sends the whole form last. What had come through before a failure is taken back, as far as that is possible then.
func (s *s3Backend) put(ctx context.Context, name, dir string, forms []storedVariant) error {
	for i := len(forms) - 1; i >= 0; i-- {
		if err := s.upload(ctx, name, dir, forms[i]); err != nil {
			s.rollBack(ctx, name)
			return err
		}
	}
	return nil
}

// rollBack deletes what came through of a file, if that takes no long time: its sender waits. What it leaves is swept.
func (s *s3Backend) rollBack(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), idleTimeout/2)
	defer cancel()
	s.delete(ctx, name)
}

// upload lets the store compare what it got with the sum that is signed with the request, and takes as much memory as a buffer.
func (s *s3Backend) upload(ctx context.Context, name, dir string, f storedVariant) error {
	file, err := s.root.Open(path.Join(dir, f.fileName()))
	if err != nil {
		return chat.StorageUnavailable(err)
	}
	defer file.Close()
	ctx, cancel := context.WithTimeout(ctx, requestTimeout+time.Duration(f.length)*time.Second/minBytesPerSecond)
	defer cancel()
	for range maxAttempts {
		if err = s.uploadOnce(ctx, name, f, file); err == nil || ctx.Err() != nil {
			break
		}
	}
	return mapS3Error(err)
}

// uploadOnce has a reader of its own, in which the client cannot seek to try again by itself: net/http may go on reading the body
// of a request that was answered before it was sent, and would take bytes from the next try.
func (s *s3Backend) uploadOnce(ctx context.Context, name string, f storedVariant, file io.ReaderAt) error {
	body := struct{ io.Reader }{io.NewSectionReader(file, 0, f.length)}
	kept, err := s.core.PutObject(ctx, s.bucket, s.objectKey(name, f.variant), body, f.length, "", f.checksum,
		minio.PutObjectOptions{ContentType: f.contentType, DisableContentSha256: true}) // that is: no sum of each piece beside that of the whole
	if err == nil && kept.ETag == "" { // whoever said yes is no store: a proxy, or a page of a network that wants a log-in
		err = errors.New("the answer to a file that was sent is not one of S3")
	}
	return err
}

// mapS3Error makes ours of an error of S3.
func mapS3Error(err error) error {
	switch {
	case err == nil:
		return nil
	case minio.ToErrorResponse(err).Code == minio.NoSuchKey:
		return chat.ErrNotFound
	}
	return chat.StorageUnavailable(err)
}

func (s *s3Backend) open(ctx context.Context, name string, size chat.Variant) (chat.OpenedBlob, error) {
	fetch := func(from int64) (io.ReadCloser, minio.ObjectInfo, error) {
		return s.fetch(ctx, s.objectKey(name, size), from)
	}
	body, info, err := fetch(0)
	if err != nil {
		return chat.OpenedBlob{}, err
	}
	return chat.OpenedBlob{ReadSeekCloser: &s3Reader{fetch: fetch, body: body, size: info.Size}, Type: info.ContentType, Size: info.Size}, nil
}

// fetch begins to read an object from some byte on.
func (s *s3Backend) fetch(ctx context.Context, key string, from int64) (io.ReadCloser, minio.ObjectInfo, error) {
	var part minio.GetObjectOptions
	if from > 0 {
		if err := part.SetRange(from, 0); err != nil {
			return nil, minio.ObjectInfo{}, err
		}
	}
	body, info, header, err := s.core.GetObject(ctx, s.bucket, key, part)
	if err != nil {
		return nil, info, mapS3Error(err)
	}
	if from > 0 && !strings.HasPrefix(header.Get("Content-Range"), fmt.Sprintf("bytes %d-", from)) {
		body.Close()
		return nil, info, chat.StorageUnavailable(errors.New("S3 answers another range than it was asked for"))
	}
	return body, info, nil
}

func (s *s3Backend) delete(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	for _, size := range []chat.Variant{chat.VariantOriginal, chat.VariantMedium, chat.VariantThumb, chat.VariantSquare} {
		if err := s.core.RemoveObject(ctx, s.bucket, s.objectKey(name, size), minio.RemoveObjectOptions{}); err != nil {
			return mapS3Error(err)
		}
	}
	return nil
}

func (s *s3Backend) claimOwner(ctx context.Context, owner string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	body, _, err := s.fetch(ctx, keyPrefix+ownerFile, 0)
	if errors.Is(err, chat.ErrNotFound) {
		_, err = s.core.PutObject(ctx, s.bucket, keyPrefix+ownerFile, strings.NewReader(owner), int64(len(owner)), "", "", minio.PutObjectOptions{})
		return owner, mapS3Error(err)
	}
	if err != nil {
		return "", err
	}
	defer body.Close()
	found, err := io.ReadAll(io.LimitReader(body, 1<<10))
	return string(found), err
}

func (s *s3Backend) close() { s.transport.CloseIdleConnections() }

// list joins the forms of a file, which follow each other.
func (s *s3Backend) list(ctx context.Context) iter.Seq2[chat.StoredObject, error] {
	return func(yield func(chat.StoredObject, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var last chat.StoredObject
		for o := range s.core.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: keyPrefix, Recursive: true}) {
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
