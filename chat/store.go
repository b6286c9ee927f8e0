package chat

import "context"

// Store keeps all data. Each feature declares the reads and writes that it needs in its own file; Reader and Tx embed
// them. Every method that returns a single thing returns ErrNotFound if it is missing. Every method returns an Error
// with the code Unavailable if the database does not answer.
type Store interface {
	Reader

	// InTx runs f in a write transaction and commits if f returns nil. The transaction has its own deadline and is not
	// cancelled with ctx. After a conflict with another node InTx runs f again, so f must have no effects other than
	// reads and writes through tx.
	InTx(ctx context.Context, f func(tx Tx) error) error
}

// Reader reads data. Every list has a limit and an order without ties.
type Reader interface {
	AccountDeletionReader
	AccountExportReader
	ApplicationReader
	AttachmentReader
	BlobReader
	BotReader
	ChecklistReader
	CommunityReader
	CompletionReader
	ConversationReader
	DigestReader
	DraftReader
	EmailTokenReader
	EmojiReader
	FileReader
	GarbageReader
	HandleReader
	InboxReader
	InvitationReader
	MemberReader
	MentionReader
	MessageReader
	NotificationReader
	NotificationSettingsReader
	PageSlotReader
	PeopleReader
	PinReader
	PlaceReader
	ReactionReader
	RoleReader
	RoomReader
	SavedMessageReader
	SearchIndexReader
	SearchReader
	SessionReader
	SetupReader
	SigningKeyReader
	SignupReader
	UnreadReader
	UserReader
	VisibilityReader
	WebhookReader
}

// Tx is a write transaction. Its reads see its own writes.
type Tx interface {
	Reader

	AccountDeletionWriter
	ApplicationWriter
	AttachmentWriter
	BlobWriter
	CommunityWriter
	DigestWriter
	DraftWriter
	EmailTokenWriter
	EmojiWriter
	GarbageWriter
	HandleWriter
	InboxWriter
	InvitationWriter
	MemberWriter
	MentionWriter
	MessageWriter
	NotificationLevelWriter
	NotificationSettingsWriter
	NotificationWriter
	PageSlotWriter
	PinWriter
	ReactionWriter
	ReadMarkerWriter
	RoomWriter
	SavedMessageWriter
	SearchIndexWriter
	SecretWriter
	SessionWriter
	SettingsWriter
	SigningKeyWriter
	SignupWriter
	TokenWriter
	UserWriter
	WebhookWriter
}
