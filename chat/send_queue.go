package chat

// The send queue of a browser holds messages and drafts that the server does not have yet. They are posted and saved
// like all others, by PostMessage and SaveDraft. Because the user cannot be asked about a conflict, two fields decide
// how it is resolved: Rekey if the key was already used, and KeepUnseen if another draft is stored.

// maxRekeys is how many other keys are tried for a message or draft before it is refused.
const maxRekeys = 8

// nextKey returns the key that a message or draft gets if a different message was already posted with its key. That
// happens if two pages of one person show the same draft, because they share its key. The same key always has the same
// next key, so a message that is sent twice is still posted once.
func nextKey(key string) string { return ContentDigest(key, "") }
