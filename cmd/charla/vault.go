package main

import (
	"context"
	"log/slog"
	"path/filepath"

	"charla/files"
)

// openVault opens what keeps files: a directory of CHARLA_DATA, or S3. There too a file arrives in that directory first.
func openVault(ctx context.Context, c config) (*files.Vault, error) {
	dir := filepath.Join(c.data, "files")
	if c.s3URL != "" {
		return files.OpenS3(ctx, c.s3URL, dir)
	}
	if c.natsURL != "" {
		slog.Info("files are kept in CHARLA_DATA: nodes that do not share that directory need S3_URL")
	}
	return files.OpenLocal(dir)
}
