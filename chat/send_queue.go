package chat

// The send queue of a browser holds messages and drafts that the browser has not handed over yet. They are posted and
// saved as all others are, by PostMessage and SaveDraft. Nobody can be asked when something is wrong, so two fields
// choose what happens: Rekey and KeepUnseen.

// maxRekeys is how often a message or draft gets another key before it is refused.
const maxRekeys = 8

// nextKey returns the key that a message or draft gets if another message was posted with its key. Two pages of one
// person have the same key if they show the same draft. It is always the same for the same key, so that a message that
// is sent again is found again.
func nextKey(key string) string { return ContentDigest(key, "") }
