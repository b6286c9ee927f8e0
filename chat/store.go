package chat

import "context"

// Store keeps everything. Every method returns ErrNotFound for a single thing that is missing, and an Unavailable Error
// when the database does not answer.
type Store interface {
	Reader

	// InTx runs f in one write transaction and commits when f returns nil. The transaction outlives a cancelled ctx and
	// has a deadline of its own. f may run again when another node got in the way, so it only reads and writes through tx.
	InTx(ctx context.Context, f func(tx Tx) error) error
}

// Reader asks questions. Every list has a total order and a bound.
type Reader interface {
	User(ctx context.Context, id int64) (User, error)
	// UserByEmail finds the account of a normal form of an e-mail address, with its password hash.
	UserByEmail(ctx context.Context, emailKey string) (User, string, error)
	// Session finds the live session with this token hash and its user: not ended, not expired at now, not disabled.
	Session(ctx context.Context, hash string, now Timestamp) (Session, User, error)
	// SessionByID is Session for a session known by its id.
	SessionByID(ctx context.Context, id int64, now Timestamp) (Session, User, error)
	// Sessions lists the live sessions of a person, used last first.
	Sessions(ctx context.Context, user int64, now Timestamp, limit int) ([]Session, error)
	// EndedSessions lists the sessions that ended, and those of people disabled, at or after since.
	EndedSessions(ctx context.Context, since Timestamp) ([]int64, error)

	// SigningKeys lists the two newest keys, the newest first.
	SigningKeys(ctx context.Context) ([]SigningKey, error)
	// Bots lists the bots of a person that are not disabled, by name.
	Bots(ctx context.Context, owner int64) ([]Bot, error)
	// BotRooms lists the channels that the bots of a person are in, by bot and name.
	BotRooms(ctx context.Context, owner int64) ([]BotRoom, error)
	// Webhooks lists the hooks of a person's bots, by bot and name of the room.
	Webhooks(ctx context.Context, owner int64) ([]BotRoom, error)
	// Webhook finds the hook with this hash of a secret, unless its bot is disabled.
	Webhook(ctx context.Context, hash string) (Webhook, error)

	// AllUsers lists everybody, the disabled too, whose folded name or e-mail contains key, by name, after the person with
	// id after.
	AllUsers(ctx context.Context, key string, after int64, limit int) ([]User, error)
	// FindUsers lists people whose folded name contains nameKey, by name, after the person with id after, leaving out the
	// disabled.
	FindUsers(ctx context.Context, nameKey string, after int64, limit int) ([]UserSummary, error)

	// Conversations lists the rooms of a person: channels and direct ones, unread first, then by last message. The limit keeps
	// channels before direct ones; after goes on behind a room in that order.
	Conversations(ctx context.Context, user, after int64, limit int) ([]Conversation, error)
	// AllConversations lists the rooms of a person, by id.
	AllConversations(ctx context.Context, user int64) ([]Conversation, error)
	// ConversationIn finds a room that user is a member of.
	ConversationIn(ctx context.Context, user, room int64) (Conversation, error)
	// ConversationWith finds the direct conversation of two people, if it has begun.
	ConversationWith(ctx context.Context, user, peer int64) (Conversation, error)

	// OpenRooms lists open channels that user is not in and whose folded name contains nameKey, by name, after the
	// open room with id after.
	OpenRooms(ctx context.Context, user int64, nameKey string, after int64, limit int) ([]Room, error)
	// Room finds a channel that user is a member of or may see because it is open.
	Room(ctx context.Context, user, room int64) (Room, error)
	// MemberCount lists the members of a room whose folded name contains nameKey, by name, after the person with id after.
	Members(ctx context.Context, room int64, nameKey string, after int64, limit int) ([]Member, error)
	// UsersInRooms finds which of some people are in at least one of some rooms.
	UsersInRooms(ctx context.Context, rooms, people []int64) ([]int64, error)
	// FindNonMembers lists people who are not in a room, as FindUsers does.
	FindNonMembers(ctx context.Context, room int64, nameKey string, limit int) ([]UserSummary, error)
	// LastDeparture finds how a person last left a room.
	LastDeparture(ctx context.Context, room, user int64) (Departure, error)
	// Departures lists who left which room at or after since.
	Departures(ctx context.Context, since Timestamp) ([]Departure, error)

	// FilesPerMessage finds a message in a room that user is a member of.
	Message(ctx context.Context, user, id int64) (Message, error)
	// MessagesBefore lists the newest limit messages of a room with seq < before, oldest first; none to an outsider.
	MessagesBefore(ctx context.Context, user, room, before int64, limit int) ([]Message, error)
	// MessagesAfter lists the oldest limit messages of a room with seq > after, oldest first; none to an outsider.
	MessagesAfter(ctx context.Context, user, room, after int64, limit int) ([]Message, error)
	// MessagesChangedSince lists the limit messages of a room whose changed_seq > after that changed first, in that order; none to
	// an outsider.
	MessagesChangedSince(ctx context.Context, user, room, after int64, limit int) ([]Message, error)
	// AccountDeletedSince tells whether somebody deleted their account after a number of a room.
	AccountDeletedSince(ctx context.Context, room, after int64) (bool, error)
	// Changes reads, in one snapshot, what changed in a room after the cursor; Partial when more than limit messages did, or
	// somebody departed for good.
	Changes(ctx context.Context, room, cursor int64, limit int) (Changes, error)
	// MessagesByAuthor lists the messages of an author in a room with after < seq <= upto, less the deleted ones, oldest first.
	MessagesByAuthor(ctx context.Context, author, room, after, upto int64, limit int) ([]Message, error)
	// MessagesReactedTo lists messages in a room with reactions of a person.
	MessagesReactedTo(ctx context.Context, user, room int64, limit int) ([]Message, error)

	// HasDraft finds what a person has begun to write in a conversation.
	Draft(ctx context.Context, user int64, p ConversationRef) (Draft, error)
	// DraftedConversations lists where a person has begun to write.
	DraftedConversations(ctx context.Context, user int64, limit int) ([]ConversationRef, error)
	// LastSeqs finds the rooms behind topics and their last seq. A topic without a room is missing from the answer.
	LastSeqs(ctx context.Context, topics []StreamKey) (map[StreamKey]RoomSeq, error)

	// RegisteredAt tells when an account was made.
	RegisteredAt(ctx context.Context, user int64) (Timestamp, error)
	// ExportRooms lists the rooms that a person is or was in, after the one with the id after.
	ExportRooms(ctx context.Context, user, after int64, limit int) ([]ExportedRoom, error)
	// ExportReactions lists the reactions of a person after one of them.
	ExportReactions(ctx context.Context, user int64, after ExportedReaction, limit int) ([]ExportedReaction, error)
	// ExportFiles lists the files of a person after the one with the id after.
	ExportFiles(ctx context.Context, user, after int64, limit int) ([]ExportedFile, error)
	// ExportDrafts lists the drafts of a person after the one in a place.
	ExportDrafts(ctx context.Context, user int64, after ConversationRef, limit int) ([]ExportedDraft, error)

	// IsOnlyAdmin tells whether a person is the one admin of a community of others.
	IsOnlyAdmin(ctx context.Context, user int64) (bool, error)
	// NextErasureJob finds something that is left to do of somebody's deletion.
	NextErasureJob(ctx context.Context) (ErasureJob, error)
	ErasureJob(ctx context.Context, user, room int64) (ErasureJob, error)
	// NotificationSettings finds how a person wants to be reached.
	NotificationSettings(ctx context.Context, user int64) (NotificationSettings, error)
	// LastSeen finds when a person last used one of their sessions; 0 for never.
	LastSeen(ctx context.Context, user int64) (Timestamp, error)
	// PendingRegistration finds one that waits for its confirmation.
	PendingRegistration(ctx context.Context, id int64) (PendingRegistration, error)
	// PendingRegistrationByEmail finds the latest of an address made at or after since.
	PendingRegistrationByEmail(ctx context.Context, emailKey string, since Timestamp) (PendingRegistration, error)
	// EmailToken finds one that is good at now.
	EmailToken(ctx context.Context, kind EmailTokenKind, hash string, now Timestamp) (EmailToken, error)
	// NotificationsDue tells whether a road has notices that are due.
	NotificationsDue(ctx context.Context, road Medium, now Timestamp) (bool, error)
	// ScanDue tells whether a look may find something, or is needed so that none is lost.
	ScanDue(ctx context.Context, l ScanClaim) (bool, error)
	// Unread lists the conversations of a person, or one room unless that is 0, with unread messages of which no letter told;
	// for one room also those of which a letter told. Those of people come first, then the latest.
	UnreadConversations(ctx context.Context, user, room int64, limit int) ([]UnreadConversation, error)
	// UnreadPreviews lists the last of the unread messages of the same conversations, each of them the latest first.
	UnreadPreviews(ctx context.Context, user, room int64, limit int) ([]MessagePreview, error)
	// File finds a file in a message of a room that user is a member of, one of user's that waits, or somebody's picture.
	File(ctx context.Context, user, id int64) (StoredFile, error)
	// PendingFiles lists the files of a person that wait in the box for a place, the oldest first.
	PendingFiles(ctx context.Context, user int64, p ConversationRef, limit int) ([]File, error)
	// Usage sums up what a person has stored, and counts what waits in the box for a place.
	Usage(ctx context.Context, user int64, p ConversationRef) (Usage, error)
	// BlobByHash finds the content that was made of the bytes with this hash.
	BlobByHash(ctx context.Context, hash string) (id int64, c Blob, err error)
	// UnusedBlobs lists contents that no file has.
	UnusedBlobs(ctx context.Context, limit int) ([]int64, error)
	// UnreferencedObjects finds which of some objects no content names.
	UnreferencedObjects(ctx context.Context, objects []string) ([]string, error)

	// SkinTone finds the skin tone that a person chose last; 0 for none.
	SkinTone(ctx context.Context, user int64) (int, error)
	// RecentEmoji lists the emoji that a person used, the latest first.
	RecentEmoji(ctx context.Context, user int64) ([]string, error)
}

// Tx is one write transaction. What it reads includes its own writes.
type Tx interface {
	Reader

	// InsertUser adds an account; ErrDuplicate when its e-mail is known. The first of all becomes admin.
	InsertUser(ctx context.Context, u NewUser) (User, error)
	SetPreferences(ctx context.Context, user int64, p Preferences) error
	// SetName renames a person; ErrNotFound for who deleted their account.
	SetName(ctx context.Context, user int64, name, nameKey string) error
	SetRole(ctx context.Context, user int64, role Role) error
	// SetPassword replaces the hash of a password, unless it is no longer the old one: then ErrNotFound.
	SetPassword(ctx context.Context, user int64, old, hash string) error
	// SetDisabled shuts a person out since at, or lets them in again with zero.
	SetDisabled(ctx context.Context, user int64, at Timestamp) error

	// EraseUser takes everything of a person away but their number, with their drafts, habits, links, notices and files that
	// are in no message, and disables them; ErrNotFound unless hash is that of their password.
	EraseUser(ctx context.Context, user int64, hash string, at Timestamp) error
	// CreateErasureJobs notes what is left to do of somebody's deletion in every room that they are or were in. In one of them, departed, the departure
	// is seen to; words tells whether what they wrote goes. Notes to oneself always do.
	CreateErasureJobs(ctx context.Context, user, departed int64, words bool) error
	UpdateErasureJob(ctx context.Context, e ErasureJob) error
	DeleteErasureJob(ctx context.Context, e ErasureJob) error

	InsertSession(ctx context.Context, s Session, hash string) (int64, error)
	// TouchSession records that a session was used, and how long it lives from now on.
	TouchSession(ctx context.Context, id int64, seen, expires Timestamp) error
	EndSession(ctx context.Context, id int64, at Timestamp) error
	// EndUserSession ends a live session of a person; ErrNotFound when it is none.
	EndUserSession(ctx context.Context, user, id int64, at Timestamp) error
	// EndSessions ends the sessions of a person, but for one or none (0), and returns those that it ended.
	EndSessions(ctx context.Context, user, but int64, at Timestamp) ([]int64, error)
	// PruneSessions forgets sessions that expired or ended before t.
	PruneSessions(ctx context.Context, t Timestamp) error

	// InsertRefreshToken adds the first refresh token of a program's session, by its hash.
	InsertRefreshToken(ctx context.Context, session int64, hash string, at Timestamp) error
	// RotateRefreshToken puts a refresh token in the place of the one before; false when that is not the one.
	RotateRefreshToken(ctx context.Context, session int64, from, to string, at Timestamp) (bool, error)
	// IsPreviousRefreshToken tells whether the refresh token of a session that was rotated last had this hash, and gave way at or after since.
	IsPreviousRefreshToken(ctx context.Context, session int64, hash string, since Timestamp) (bool, error)
	// InsertSigningKey adds a key, unless another node was faster, and forgets all but the one before.
	InsertSigningKey(ctx context.Context, k SigningKey) error
	InsertWebhook(ctx context.Context, bot, room int64, hash string, at Timestamp) (int64, error)
	// DeleteWebhooks forgets all hooks of a bot.
	DeleteWebhooks(ctx context.Context, bot int64) error
	// DeleteWebhook forgets a hook of a bot; ErrNotFound when it is none.
	DeleteWebhook(ctx context.Context, bot, hook int64) error

	// NextSeq takes the next number of a room and locks the room until the transaction ends.
	NextSeq(ctx context.Context, room int64) (int64, error)
	// LockRoom locks a room like NextSeq and takes no number.
	LockRoom(ctx context.Context, room int64) (at StreamKey, lastSeq int64, err error)
	// ReservePost is NextSeq for a message of author, posted at. It does not ask whether author is in the room: InsertMessage
	// does. The rooms that exist are found; the first message of two people finds none.
	ReservePost(ctx context.Context, author int64, p ConversationRef, at Timestamp) (PostSlot, error)
	// EnsureDirectRoom returns the room of two people and makes it, with its members, where it is missing.
	EnsureDirectRoom(ctx context.Context, low, high int64, at Timestamp) (int64, error)
	// InsertRoom makes a channel without members; ErrDuplicate when it is open and an open one has its folded name.
	InsertRoom(ctx context.Context, name, nameKey string, access Access, at Timestamp) (int64, error)
	// InsertMember adds a person who has read everything before seq, the number of the joining.
	InsertMember(ctx context.Context, room, user, seq int64) error
	// SetOwner makes a member the owner of a room.
	SetOwner(ctx context.Context, room, user int64) error
	// LongestStandingMember finds who has been in a room the longest.
	LongestStandingMember(ctx context.Context, room int64) (int64, error)
	// DeleteMember takes a person out of a room and notes the departure. Who is not in it departs for good alone: otherwise ErrNotFound.
	DeleteMember(ctx context.Context, d Departure) error
	// SetReadMarker moves the read mark of a member forward, never back; false when it stood there already.
	SetReadMarker(ctx context.Context, room, user, seq int64) (bool, error)

	// MessageByKey finds what an author posted with this key, as it is now, and the digest of its text as it was sent.
	MessageByKey(ctx context.Context, author int64, key string) (m Message, sent string, err error)
	// InsertMessage adds a message, with the digest of what was sent, and returns its id. ErrNotFound means that its author
	// used its key before, in any room, or is not in this one. Its files are only counted: see AttachFiles.
	InsertMessage(ctx context.Context, m Message, sent string) (int64, error)
	// UpdateMessage stores the text of a message, how many files it has, when it was edited and deleted, and the number of
	// the change.
	UpdateMessage(ctx context.Context, m Message) error
	// InsertReaction adds a reaction under the number of the change; ErrDuplicate when it is there.
	InsertReaction(ctx context.Context, message, user int64, emoji string, seq int64) error
	DeleteReaction(ctx context.Context, message, user int64, emoji string) error
	// DeleteReactions takes everybody's reactions off a message.
	DeleteReactions(ctx context.Context, message int64) error

	// LockAccount is LockUser for a person who is to be signed in; ErrNotFound for one who is shut out, or who has another
	// hash of a password, unless that is empty.
	LockAccount(ctx context.Context, user int64, hash string) error
	// LockUser makes other transactions that hold or disable the same person wait until this one ends.
	LockUser(ctx context.Context, user int64) error
	// InsertBlob adds a content, unless one with its hash exists.
	InsertBlob(ctx context.Context, c Blob, at Timestamp) error
	// DeleteBlobs forgets those of some contents that no file has, and returns the names of their objects.
	DeleteBlobs(ctx context.Context, contents []int64) ([]string, error)
	// InsertFile adds a file that waits; ErrNotFound when its content is gone.
	InsertFile(ctx context.Context, f NewFile) (File, error)
	// SetFileAlt describes a file of a person that waits, and returns where it does.
	SetFileAlt(ctx context.Context, user, id int64, alt string) (ConversationRef, error)
	// SetFileAlts describes files of a message, by their ids.
	SetFileAlts(ctx context.Context, message int64, alts map[int64]string) error
	// DeletePendingFile forgets a file of a person that waits, and returns where it did, and its content.
	DeletePendingFile(ctx context.Context, user, id int64) (ConversationRef, int64, error)
	// PendingFilesByID reads those of some files that wait, of a person, in the order of the ids.
	PendingFilesByID(ctx context.Context, user int64, ids []int64) (Files, error)
	// AttachFiles puts those of some files that wait, of a person, into a message, and returns how many they were.
	AttachFiles(ctx context.Context, user int64, ids []int64, message int64) (int, error)
	// DeleteMessageFiles forgets the files of a message, and returns their contents.
	DeleteMessageFiles(ctx context.Context, message int64) ([]int64, error)
	// DeleteStaleFiles forgets the files that have waited since before t.
	DeleteStaleFiles(ctx context.Context, t Timestamp) error
	// SetAvatar makes a file that waits somebody's picture, or takes it away with 0. It forgets the one before and returns
	// its content.
	SetAvatar(ctx context.Context, user, file int64) ([]int64, error)

	SetSkinTone(ctx context.Context, user int64, tone int) error
	// RecordEmojiUse records that a person used an emoji, and keeps only so many of theirs.
	RecordEmojiUse(ctx context.Context, user int64, emoji string, at Timestamp, keep int) error

	// SaveDraft stores a draft in place of the one before.
	SaveDraft(ctx context.Context, user int64, p ConversationRef, d Draft) error
	// DeleteDraft forgets the draft of the message with a key; false where there is none.
	DeleteDraft(ctx context.Context, user int64, p ConversationRef, key string) (bool, error)

	SetDigestSetting(ctx context.Context, user int64, wish, spoken string) error
	SetPushSettings(ctx context.Context, user int64, w NotificationSettings) error
	// SetEmail gives a person an address, which was found to be theirs at confirmed, or never; ErrDuplicate when it is somebody's.
	SetEmail(ctx context.Context, user int64, email, emailKey string, confirmed Timestamp) error
	ConfirmEmail(ctx context.Context, user int64, at Timestamp) error
	// ReplacePassword replaces the hash of a password, whatever it was.
	ReplacePassword(ctx context.Context, user int64, hash string) error

	InsertPendingRegistration(ctx context.Context, u NewUser) (int64, error)
	// DeletePendingRegistrations forgets those of an address, with their tickets.
	DeletePendingRegistrations(ctx context.Context, emailKey string) error
	PrunePendingRegistrations(ctx context.Context, before Timestamp) error

	InsertEmailToken(ctx context.Context, t EmailToken) error
	// UseEmailToken takes a ticket away; ErrNotFound when somebody else did.
	UseEmailToken(ctx context.Context, hash string) error
	// RevokeEmailTokens makes all that a person has void, and takes back the letters that would bring others.
	RevokeEmailTokens(ctx context.Context, user int64) error
	PruneEmailTokens(ctx context.Context, now Timestamp) error

	// InsertNotification puts a notice into the outbox, due at once and before those that EnqueueDueDigests and EnqueuePushes put there.
	InsertNotification(ctx context.Context, n Notification) error
	// ClaimNotifications takes notices that are due at now, keeps others from them until then, and counts an attempt of each.
	ClaimNotifications(ctx context.Context, road Medium, now, until Timestamp, limit int) ([]Notification, error)
	// LockNotification makes who takes a notice back wait until the transaction ends; ErrNotFound when it was taken back.
	LockNotification(ctx context.Context, id int64) error
	PostponeNotification(ctx context.Context, id int64, failure string, next Timestamp) error
	FailNotification(ctx context.Context, id int64, failure string, at Timestamp) error
	DeleteNotification(ctx context.Context, id int64) error
	PruneNotifications(ctx context.Context, gaveUpBefore Timestamp) error

	// ClaimScan claims a look and returns the id of the message after which it looks; ErrNotFound when another node looks.
	ClaimScan(ctx context.Context, l ScanClaim) (int64, error)
	// ScheduleDigests sets an alarm for people to whom messages after a cursor are unread and of which no letter told, and sets it
	// anew for those who were here after it was set. Those who want one letter
	// a day get it at morning.
	ScheduleDigests(ctx context.Context, cursor int64, now, morning Timestamp) error
	// EnqueueDueDigests puts the letters that are due into the outbox, one of each person at a time.
	EnqueueDueDigests(ctx context.Context, now Timestamp) error
	// MarkEmailed notes that a letter told a person of a room up to seq.
	MarkEmailed(ctx context.Context, user, room, seq int64) error
	// PushCandidate lists who wants a push for messages after a cursor: unread ones of a conversation of which none told since it was
	// read last. It has no limit, because those who are here are among them: they must not keep the others from it.
	PushCandidates(ctx context.Context, cursor int64) ([]PushCandidate, error)
	// EnqueuePushes puts pushes into the outbox and notes that they tell of their rooms.
	EnqueuePushes(ctx context.Context, list []PushCandidate, now Timestamp) error

	// EnsureSecret stores a secret unless one of this name exists, and returns the one that stays.
	EnsureSecret(ctx context.Context, name string, value []byte) ([]byte, error)
}
