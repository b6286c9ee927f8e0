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

// openStorage opens what keeps files: a directory of CHARLA_DATA, or S3. There too a file arrives in that directory first.
func openStorage(ctx context.Context, c config) (vault *storage.Store, err error) {
	dir := filepath.Join(c.data, "files")
	if c.s3URL != "" {
		vault, err = storage.OpenS3(ctx, c.s3URL, dir)
	} else {
		vault, err = storage.OpenLocal(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", storageSetting(c), err)
	}
	if c.natsURL != "" && c.s3URL == "" {
		slog.Info("files are kept in CHARLA_DATA: nodes that do not share that directory need S3_URL")
	}
	return vault, nil
}

// storageSetting is the setting that says where files are kept.
func storageSetting(c config) string {
	if c.s3URL != "" {
		return "S3_URL"
	}
	return "CHARLA_DATA"
}

// claimStorage ties the files to this database, by a word made of a secret that is as old as the database: what is restored from a
// backup knows it too.
func claimStorage(ctx context.Context, c config, vault *storage.Store, secret []byte) error {
	word := sha256.Sum256(append([]byte("files "), secret...))
	if err := vault.ClaimOwner(ctx, hex.EncodeToString(word[:12])); err != nil {
		return fmt.Errorf("%s: %w", storageSetting(c), err)
	}
	return nil
}
