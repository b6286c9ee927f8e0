package db

import (
	"context"

	"charla/chat"
)

// SetNotificationLevel stores which messages of a room notify a member. It returns chat.ErrNotFound for somebody who is
// not a member.
func (w writer) SetNotificationLevel(ctx context.Context, room, user int64, level chat.NotificationLevel) error {
	const query = `
		UPDATE members SET level = $3 WHERE room_id = $1 AND user_id = $2`
	return w.execRow(ctx, "set notification level", query, room, user, level)
}

// SetMutedUntil stores when the mute of a room ends for a member. It returns chat.ErrNotFound for somebody who is not a
// member.
func (w writer) SetMutedUntil(ctx context.Context, room, user int64, until chat.Timestamp) error {
	const query = `
		UPDATE members SET muted_until = $3 WHERE room_id = $1 AND user_id = $2`
	return w.execRow(ctx, "mute conversation", query, room, user, until)
}

// ruleCTE begins a query that uses a chat.NotificationRule. The argument of the query is a list with only the rule; see
// ruleToJSON.
func ruleCTE(argument string) string {
	return `
		WITH rule AS (
			SELECT CAST(value ->> 0 AS BIGINT) AS plain, CAST(value ->> 1 AS BIGINT) AS mention,
				CAST(value ->> 2 AS BIGINT) AS direct, CAST(value ->> 3 AS BIGINT) AS rooms,
				CAST(value ->> 4 AS BIGINT) AS push_rooms, CAST(value ->> 5 AS BIGINT) AS now
			FROM json_each(` + argument + `))`
}

// ruleToJSON returns the argument for ruleCTE.
func ruleToJSON(r chat.NotificationRule) string {
	return listToJSON([][6]int64{
		{int64(r.Plain), int64(r.Mention), int64(r.Direct), int64(r.Rooms), int64(r.PushRooms), int64(r.Now)},
	})
}

// memberLevel is an SQL expression: the level of member m, who is user u, in room r, chosen or not. The query has the
// table of ruleCTE.
const memberLevel = `CASE WHEN m.level > 0 THEN m.level WHEN r.kind = 'direct' THEN rule.direct
			WHEN u.push_rooms THEN rule.push_rooms ELSE rule.rooms END`

// mentionsAfter returns an SQL query for the ids of the messages after a seq that mention member m, or that notify an
// audience by @channel or @here and do not mention m as well. It leaves out those that m wrote. audience is a condition
// on message x.
func mentionsAfter(seq, audience string) string {
	return `
				SELECT x.id FROM mentions n JOIN messages x ON x.id = n.message_id
				WHERE n.user_id = m.user_id AND n.room_id = m.room_id AND n.seq > ` + seq + `
					AND x.author_id <> m.user_id AND x.deleted_at = 0
				UNION ALL
				SELECT x.id FROM messages x
				WHERE x.room_id = m.room_id AND x.seq > ` + seq + ` AND x.notifies_all AND ` + audience + `
					AND x.author_id <> m.user_id AND x.deleted_at = 0 AND NOT EXISTS (
						SELECT 1 FROM mentions n WHERE n.message_id = x.id AND n.user_id = m.user_id)`
}

// forAway is the audience of messages that notify members who are away: all of them. See chat.RelevanceHere.
const forAway = `x.mention_all = 'channel'`
