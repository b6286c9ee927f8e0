package db

import (
	"context"
	"strings"

	"charla/chat"
	"charla/tokenizer"
)

// SearchRooms lists all rooms of a person, by id. The name of a direct conversation is that of the other person.
func (r reader) SearchRooms(ctx context.Context, user int64) (rooms []chat.SearchRoom, err error) {
	const query = `
		SELECT r.id AS room, r.kind, CASE WHEN r.kind = 'channel' THEN r.name ELSE p.name END AS name,
			COALESCE(p.id, 0) AS peer, COALESCE(p.handle_key, '') AS handle_key
		FROM members m
		JOIN rooms r ON r.id = m.room_id
		LEFT JOIN users p ON p.id = CASE WHEN r.pair_low = m.user_id THEN r.pair_high ELSE r.pair_low END
		WHERE m.user_id = $1
		ORDER BY r.id`
	err = r.list(ctx, "list rooms to search", &rooms, query, user)
	return rooms, err
}

// SearchAuthors lists the users with a handle or name or, if there are none, the user with an id, as far as the person
// sees them or their messages.
func (r reader) SearchAuthors(ctx context.Context, user int64, a chat.SearchAuthor) (ids []int64, err error) {
	const query = `
		WITH named AS (
			SELECT n.id FROM users n WHERE n.handle_key = $2 AND $2 <> '' OR n.name_key = $3 AND n.name <> '')
		SELECT u.id FROM users u
		WHERE (u.id IN (SELECT id FROM named) OR u.id = $4 AND NOT EXISTS (SELECT 1 FROM named))
			AND (` + isVisible + ` OR ` + wasInRoom + `)
		ORDER BY u.id
		LIMIT 100`
	err = r.list(ctx, "find authors", &ids, query, user, a.HandleKey, a.NameKey, a.ID)
	return ids, err
}

// maxUnindexed is how many of the last changes of a room a search compares without the index. Only while the index is
// built for the first time are more of them missing.
const maxUnindexed = 5000

// UnindexedMessages lists the messages of the person's rooms that are not in the index or changed since, below an id
// and highest first.
func (r reader) UnindexedMessages(ctx context.Context, user, below int64, limit int) (ids []int64, err error) {
	const query = `
		SELECT f.id FROM (
			SELECT x.id FROM members m
			JOIN rooms r ON r.id = m.room_id
			LEFT JOIN search_progress p ON p.room_id = r.id
			JOIN messages x ON x.room_id = r.id AND x.seq > CASE
				WHEN COALESCE(p.indexed_seq, 0) > r.last_seq - $4 THEN COALESCE(p.indexed_seq, 0)
				ELSE r.last_seq - $4 END
			WHERE m.user_id = $1 AND r.last_seq > COALESCE(p.indexed_seq, 0) AND x.id < $2 AND x.deleted_at = 0
			UNION
			SELECT x.id FROM search_changes c
			JOIN messages x ON x.id = c.message_id
			JOIN members m ON m.room_id = x.room_id AND m.user_id = $1
			WHERE c.message_id < $2 AND x.deleted_at = 0) AS f
		ORDER BY f.id DESC
		LIMIT $3`
	err = r.list(ctx, "list unindexed messages", &ids, query, user, below, limit, maxUnindexed)
	return ids, err
}

// SearchMessages reads those of the given messages that the person may read, highest id first.
func (r reader) SearchMessages(ctx context.Context, user int64, ids []int64) ([]chat.Message, error) {
	const query = selectMessage + `
		WHERE x.id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($2)) AND x.deleted_at = 0
			AND x.room_id IN (SELECT room_id FROM members WHERE user_id = $1)
		ORDER BY x.id DESC`
	if len(ids) == 0 {
		return nil, nil
	}
	return r.listMessages(ctx, "read found messages", query, user, listToJSON(tuples(ids)))
}

// IndexedMessages lists the messages whose tokens match, below an id and highest first. Without groups it lists all
// messages.
func (r reader) IndexedMessages(ctx context.Context, groups [][]tokenizer.Lookup, below int64,
	limit int) (ids []int64, err error) {
	const op = "search the index"
	switch {
	case len(groups) == 0:
		const query = `
			SELECT id FROM messages WHERE id < $1 ORDER BY id DESC LIMIT $2`
		err = r.list(ctx, op, &ids, query, below, limit)
	case r.isPostgres():
		return r.searchPostgres(ctx, postgresQuery(groups), below, limit)
	default:
		const query = `
			SELECT rowid FROM search_index WHERE search_index MATCH $1 AND rowid < $2 ORDER BY rowid DESC LIMIT $3`
		err = r.list(ctx, op, &ids, query, sqliteQuery(groups), below, limit)
	}
	return ids, err
}

// recentDocuments is the number of ids that searchPostgres examines without the index.
const recentDocuments = 4096

// searchPostgres searches the newest documents without the index and then, if it has not found enough, the others with
// it. PostgreSQL reads all entries of a word before it can sort them. That takes long for a frequent word, but a
// frequent word is found among the newest documents.
func (r reader) searchPostgres(ctx context.Context, tsquery string, below int64, limit int) ([]int64, error) {
	const op = "search the index"
	const (
		newest = `
			WITH recent AS MATERIALIZED (
				SELECT d.message_id, d.tokens FROM search_documents d
				WHERE d.message_id < $2 AND d.message_id >=
					LEAST($2, (SELECT COALESCE(MAX(message_id), 0) + 1 FROM search_documents)) - $4)
			SELECT message_id FROM recent WHERE tokens @@ CAST($1 AS tsquery) ORDER BY message_id DESC LIMIT $3`
		others = `
			WITH found AS MATERIALIZED (
				SELECT d.message_id FROM search_documents d WHERE d.tokens @@ CAST($1 AS tsquery))
			SELECT message_id FROM found
			WHERE message_id < LEAST($2, (SELECT COALESCE(MAX(message_id), 0) + 1 FROM search_documents)) - $4
			ORDER BY message_id DESC LIMIT $3`
	)
	var recent, older []int64
	if err := r.list(ctx, op, &recent, newest, tsquery, below, limit, recentDocuments); err != nil {
		return nil, err
	}
	if len(recent) == limit {
		return recent, nil
	}
	err := r.list(ctx, op, &older, others, tsquery, below, limit-len(recent), recentDocuments)
	return append(recent, older...), err
}

// sqliteQuery returns lookups in the syntax of FTS5. Every token is a string in double quotes, so none of it is syntax.
func sqliteQuery(groups [][]tokenizer.Lookup) string {
	return joinLookups(groups, " AND ", " OR ", func(l tokenizer.Lookup) string {
		text := `"` + strings.ReplaceAll(l.Token, `"`, `""`) + `"`
		if l.Prefix {
			text += "*"
		}
		return text
	})
}

// postgresQuery returns lookups in the syntax of tsquery.
func postgresQuery(groups [][]tokenizer.Lookup) string {
	return joinLookups(groups, " & ", " | ", func(l tokenizer.Lookup) string {
		text := quoteLexeme(l.Token)
		if l.Prefix {
			text += ":*"
		}
		return text
	})
}

// quoteLexeme returns a token in the syntax of tsvector and tsquery, quoted so that none of it is syntax.
func quoteLexeme(token string) string { return "'" + lexemeEscaper.Replace(token) + "'" }

var lexemeEscaper = strings.NewReplacer(`'`, `''`, `\`, `\\`)

func joinLookups(groups [][]tokenizer.Lookup, and, or string, format func(tokenizer.Lookup) string) string {
	all := make([]string, len(groups))
	for i, group := range groups {
		any := make([]string, len(group))
		for j, l := range group {
			any[j] = format(l)
		}
		all[i] = "(" + strings.Join(any, or) + ")"
	}
	return strings.Join(all, and)
}
