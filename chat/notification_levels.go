package chat

import (
	"context"
	"math"
	"slices"
	"time"
)

// NotificationLevelWriter stores the notification level of a conversation and its mute. Both belong to one member.
type NotificationLevelWriter interface {
	// SetNotificationLevel stores which messages of a room notify a member. It returns ErrNotFound for somebody who is
	// not a member.
	SetNotificationLevel(ctx context.Context, room, user int64, level NotificationLevel) error
	// SetMutedUntil stores when the mute of a room ends for a member: MutedForever for never, 0 for no mute. It returns
	// ErrNotFound for somebody who is not a member.
	SetMutedUntil(ctx context.Context, room, user int64, until Timestamp) error
}

// NotificationLevel says which messages of a conversation notify a member. A higher level includes the lower ones.
type NotificationLevel int

// The levels. Whoever has chosen none has LevelAll in direct conversations and LevelMentions in rooms.
const (
	LevelNotChosen NotificationLevel = iota
	LevelNothing
	LevelMentions
	LevelAll
)

// levelNames are the names of the levels in requests and answers.
var levelNames = []string{"", "nothing", "mentions", "all"}

// String returns the name of a level, which is empty for LevelNotChosen.
func (l NotificationLevel) String() string {
	return levelNames[l]
}

// Relevance says whom a message is meant for, from the point of view of a member who did not write it.
type Relevance int

// The relevances: a message like any other; one that mentions the member; and one with @channel or @here that notifies.
const (
	RelevancePlain Relevance = iota
	RelevanceMention
	RelevanceChannel
	RelevanceHere
)

// MutedForever is the end of a mute that does not end by itself.
const MutedForever Timestamp = math.MaxInt64

// Notifies decides whether an unread message notifies a member by a medium. level is the level that applies to the
// member: the chosen one, or the default if none was chosen. muted says whether the conversation is muted now. It is
// the only place that decides this, for every medium. The badge beside a conversation counts everything unread. A
// message with @here is for those who are online, so it reaches nobody who is away as more than a message like any
// other.
func Notifies(medium Medium, relevance Relevance, level NotificationLevel, muted bool) bool {
	if medium == MediumBadge {
		return true
	}
	required := LevelMentions
	isForAway := medium == MediumEmail || medium == MediumPush
	if relevance == RelevancePlain || relevance == RelevanceHere && isForAway {
		required = LevelAll
	}
	return !muted && level >= required
}

// defaultLevel returns the level of a conversation for a member who has chosen none. pushRooms is the member's setting
// NotificationSettings.PushRooms, which asks for pushes about all messages in rooms.
func defaultLevel(kind RoomKind, medium Medium, pushRooms bool) NotificationLevel {
	if kind == Direct || medium == MediumPush && pushRooms {
		return LevelAll
	}
	return LevelMentions
}

// NotificationRule contains what Notifies decides for one medium, for queries about many members or messages.
type NotificationRule struct {
	Plain     NotificationLevel // the lowest level at which every message notifies
	Mention   NotificationLevel // the lowest level at which a mention or @channel notifies
	Direct    NotificationLevel // in direct conversations, of those who have chosen none
	Rooms     NotificationLevel // in rooms, of those who have chosen none
	PushRooms NotificationLevel // likewise, of those whose setting is NotificationSettings.PushRooms
	Now       Timestamp         // mutes that end later are in force
}

// NotificationRule returns what Notifies decides now for e-mail or push.
func (s *Service) NotificationRule(medium Medium) NotificationRule {
	return newNotificationRule(medium, s.now())
}

func newNotificationRule(medium Medium, now Timestamp) NotificationRule {
	lowest := func(relevance Relevance) NotificationLevel {
		level := LevelNothing
		for level <= LevelAll && !Notifies(medium, relevance, level, false) {
			level++
		}
		return level
	}
	return NotificationRule{
		Plain: lowest(RelevancePlain), Mention: lowest(RelevanceMention),
		Direct: defaultLevel(Direct, medium, false), Rooms: defaultLevel(Channel, medium, false),
		PushRooms: defaultLevel(Channel, medium, true), Now: now,
	}
}

// NotificationLevel returns the level of the conversation for its viewer, chosen or not.
func (c Conversation) NotificationLevel() NotificationLevel {
	if c.Level == LevelNotChosen {
		return defaultLevel(c.Kind, MediumBadge, false)
	}
	return c.Level
}

// Notifying returns how many unread messages of the conversation notify its viewer by a medium, counted up to
// UnreadCap. Mentions count the same as @channel and @here, so it cannot be asked about e-mail and push.
func (c Conversation) Notifying(medium Medium) int {
	count := 0
	if Notifies(medium, RelevancePlain, c.NotificationLevel(), c.Muted) {
		count += c.Unread - min(c.UnreadMentions, c.Unread)
	}
	if Notifies(medium, RelevanceMention, c.NotificationLevel(), c.Muted) {
		count += min(c.UnreadMentions, c.Unread)
	}
	return count
}

// NotifiesSince reports whether the conversation has more unread messages that notify its viewer by a medium than it
// had before. The level and the mute that it has now count.
func (c Conversation) NotifiesSince(before Conversation, medium Medium) bool {
	plain := func(c Conversation) int { return c.Unread - c.UnreadMentions }
	level := c.NotificationLevel()
	return plain(c) > plain(before) && Notifies(medium, RelevancePlain, level, c.Muted) ||
		c.UnreadMentions > before.UnreadMentions && Notifies(medium, RelevanceMention, level, c.Muted)
}

// withMute returns a conversation with Muted set, which depends on the time.
func (s *Service) withMute(c Conversation) Conversation {
	c.Muted = c.MutedUntil > s.now()
	return c
}

// withMutes sets Muted of all conversations in a list.
func (s *Service) withMutes(list []Conversation) []Conversation {
	for i := range list {
		list[i] = s.withMute(list[i])
	}
	return list
}

var (
	errUnknownLevel  = invalidf("level", "The value must be all, mentions or nothing.")
	errUnknownMute   = invalidf("mute", "The value must be 1h, 8h, tomorrow, week, forever or off.")
	errNoLevel       = invalidf("level", "Choose what notifies you, or how long to mute the conversation.")
	errNotBegunLevel = Errorf(Conflict, "Send a message first. Then you can choose its notifications.")
)

// SetNotificationLevel stores which messages of a conversation notify the acting user, and for how long it is muted. An
// empty level or mute stays as it is. Nobody else learns of either. It returns the conversation as it is afterwards. It
// returns an Error with the code Conflict for a direct conversation that has not begun: its room would show the other
// user that somebody opened it.
func (s *Service) SetNotificationLevel(
	ctx context.Context, by User, ref ConversationRef, level, mute string,
) (Conversation, error) {
	c, err := s.Conversation(ctx, by, ref)
	if err != nil {
		return Conversation{}, err
	}
	until, known := s.muteEnd(mute)
	switch {
	case level == "" && mute == "":
		return Conversation{}, errNoLevel
	case level != "" && !slices.Contains(levelNames, level):
		return Conversation{}, errUnknownLevel
	case mute != "" && !known:
		return Conversation{}, errUnknownMute
	case c.Room == 0:
		return Conversation{}, errNotBegunLevel
	}
	err = s.store.InTx(ctx, func(tx Tx) (err error) {
		if level != "" {
			err = tx.SetNotificationLevel(ctx, c.Room, by.ID, NotificationLevel(slices.Index(levelNames, level)))
		}
		if mute != "" && err == nil {
			err = tx.SetMutedUntil(ctx, c.Room, by.ID, until)
		}
		return err
	})
	if err != nil {
		return Conversation{}, err
	}
	s.events.Publish(NotificationLevelChanged{User: by.ID})
	return s.Conversation(ctx, by, ref)
}

// unmuteHour is the hour of the day at which a mute until tomorrow ends. The daily digests are sent at the same hour.
const unmuteHour = 8

// muteEnd returns when a mute ends that begins now, or false for a name of a duration that does not exist. It uses the
// zone of the Service.
func (s *Service) muteEnd(mute string) (Timestamp, bool) {
	now := s.now().Time().In(s.zone)
	switch mute {
	case "off":
		return 0, true
	case "1h":
		return TimestampOf(now.Add(time.Hour)), true
	case "8h":
		return TimestampOf(now.Add(8 * time.Hour)), true
	case "tomorrow":
		return TimestampOf(time.Date(now.Year(), now.Month(), now.Day()+1, unmuteHour, 0, 0, 0, s.zone)), true
	case "week":
		return TimestampOf(now.AddDate(0, 0, 7)), true
	case "forever":
		return MutedForever, true
	}
	return 0, false
}
