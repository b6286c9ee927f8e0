package db

import (
	"context"

	"charla/chat"
)

// PageSlots lists the slots of a session that were given to a page, least recently used first.
func (r reader) PageSlots(ctx context.Context, session int64) (slots []chat.PageSlot, err error) {
	const query = `
		SELECT session_id, slot, page, used_at FROM page_slots
		WHERE session_id = $1
		ORDER BY used_at, slot
		LIMIT $2`
	err = r.list(ctx, "list page slots", &slots, query, session, chat.PageSlots)
	return slots, err
}

// GivePageSlot gives a slot to a page, if the page named by previous still has it or nobody ever had it. Otherwise it
// returns chat.ErrNotFound. On PostgreSQL a second transaction that gives the same slot waits here for the first.
func (w writer) GivePageSlot(ctx context.Context, slot chat.PageSlot, previous string) error {
	const query = `
		INSERT INTO page_slots (session_id, slot, page, used_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (session_id, slot) DO UPDATE SET page = excluded.page, used_at = excluded.used_at
		WHERE page_slots.page = $5`
	return w.execRow(ctx, "give page slot", query, slot.Session, slot.Slot, slot.Page, slot.UsedAt, previous)
}

// TouchPageSlots stores when pages were last known to be open. It ignores pages that no longer have their slots.
func (w writer) TouchPageSlots(ctx context.Context, slots []chat.PageSlot, at chat.Timestamp) error {
	const query = `
		WITH open AS MATERIALIZED (
			SELECT CAST(value ->> 0 AS BIGINT) AS session_id, CAST(value ->> 1 AS BIGINT) AS slot, value ->> 2 AS page
			FROM json_each($1))
		UPDATE page_slots SET used_at = $2
		FROM open
		WHERE page_slots.session_id = open.session_id AND page_slots.slot = open.slot
			AND page_slots.page = open.page AND page_slots.used_at < $2`
	rows := make([][3]any, len(slots))
	for i, slot := range slots {
		rows[i] = [3]any{slot.Session, slot.Slot, slot.Page}
	}
	_, err := w.exec(ctx, "touch page slots", query, listToJSON(rows), at)
	return err
}
