package chat

// Version is the version of Charla. It equals the first version in CHANGELOG.md; the suffix "-dev" means that this
// version is not released yet.
const Version = "0.1.0-dev"
