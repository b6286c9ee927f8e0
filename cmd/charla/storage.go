package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"path/filepath"

	"charla/storage"
)

// openStorage opens the storage for files: the S3 bucket of S3_URL, or a directory in CHARLA_DATA if S3_URL is not set.
// In both cases, files lie in that directory while they are being uploaded.
func openStorage(ctx context.Context, c config) (files *storage.Store, err error) {
	dir := filepath.Join(c.data, "files")
	if c.s3URL != "" {
		files, err = storage.OpenS3(ctx, c.s3URL, dir)
	} else {
		files, err = storage.OpenLocal(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", storageSetting(c), err)
	}
	if c.natsURL != "" && c.s3URL == "" {
		slog.Info("files are stored in CHARLA_DATA: nodes that do not share this directory need S3_URL")
	}
	return files, nil
}

// storageSetting returns the name of the setting that selects the file storage, for error messages.
func storageSetting(c config) string {
	if c.s3URL != "" {
		return "S3_URL"
	}
	return "CHARLA_DATA"
}

// claimStorage records that the stored files belong to this database. It returns an error if they belong to another
// one, because each database would delete the files of the other as unreferenced. The database is identified by a hash
// of its secret. A database restored from a backup has the same secret, so that it may use the files too.
func claimStorage(ctx context.Context, c config, files *storage.Store, secret []byte) error {
	identity := sha256.Sum256(append([]byte("files "), secret...))
	if err := files.ClaimOwner(ctx, hex.EncodeToString(identity[:12])); err != nil {
		return fmt.Errorf("%s: %w", storageSetting(c), err)
	}
	return nil
}
