package db

import (
	"context"

	"charla/chat"
)

// communityColumns lists the columns of a chat.Community.
const communityColumns = `name, welcome, registration, email_domains, may_make_rooms, may_invite, may_notify_all,
	may_pin, registration_chosen, checklist_dismissed`

// Community returns the settings of the community.
func (r reader) Community(ctx context.Context) (c chat.Community, err error) {
	const query = `
		SELECT ` + communityColumns + ` FROM community`
	err = r.get(ctx, "read community settings", &c, query)
	return c, err
}

// LockCommunity locks the row of the settings until the transaction ends, and returns the settings.
func (w writer) LockCommunity(ctx context.Context) (c chat.Community, err error) {
	const query = `
		UPDATE community SET name = name RETURNING ` + communityColumns
	err = w.get(ctx, "lock community settings", &c, query)
	return c, err
}

// SetCommunity stores the settings of the community.
func (w writer) SetCommunity(ctx context.Context, c chat.Community) error {
	const query = `
		UPDATE community SET name = $1, welcome = $2, registration = $3, email_domains = $4, may_make_rooms = $5,
			may_invite = $6, may_notify_all = $7, may_pin = $8, registration_chosen = $9, checklist_dismissed = $10`
	_, err := w.exec(ctx, "save community settings", query, c.Name, c.Welcome, c.Registration, c.EmailDomains,
		c.MayMakeRooms, c.MayInvite, c.MayNotifyAll, c.MayPin, c.RegistrationChosen, c.ChecklistDismissed)
	return err
}
