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

// openStorage opens the storage for files: the S3 bucket of S3_URL, or a directory in CHARLA_DATA. In both cases, files
// that are being uploaded lie in that directory.
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

// storageSetting returns the name of the setting that decides where files are stored.
func storageSetting(c config) string {
	if c.s3URL != "" {
		return "S3_URL"
	}
	return "CHARLA_DATA"
}

// claimStorage binds the stored files to this database, so that no other database deletes them as unreferenced. It
// identifies the database by a hash of a secret that was created with it, which a database restored from a backup has
// as well.
func claimStorage(ctx context.Context, c config, files *storage.Store, secret []byte) error {
	identity := sha256.Sum256(append([]byte("files "), secret...))
	if err := files.ClaimOwner(ctx, hex.EncodeToString(identity[:12])); err != nil {
		return fmt.Errorf("%s: %w", storageSetting(c), err)
	}
	return nil
}
