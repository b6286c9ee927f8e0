package chat

// Version is the version of Charla. It is the first version in CHANGELOG.md; a "-dev" suffix means that it is not
// released.
const Version = "0.1.0-dev"
