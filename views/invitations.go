package views

import (
	"strings"

	"charla/chat"
)

// Invitation is an open invitation with the URL of its link.
type Invitation struct {
	chat.Invitation
	URL string
}

// InvitationList is the content of the page of invitations: those that the user can manage, the form that makes a new
// one, the rooms to which the user may invite, and which of them are ticked in the form.
type InvitationList struct {
	Invitations []Invitation
	NextURL     string // next page; empty on the last one
	Form        Form
	Rooms       []chat.Room
	Chosen      map[int64]bool
}

// NewInvitationValues are the values of the form that makes an invitation before the user changes them.
var NewInvitationValues = map[string]string{"expires": "7d", "role": string(chat.RoleMember)}

// invitationFields are the fields of the form that makes an invitation in which the user chooses from a list.
func (p Page) invitationFields() []selectField {
	roles := selectField{Name: "role", Label: p.T("Role of new people")}
	for _, r := range chat.InvitationRoles(p.Me.Role) {
		roles.Options = append(roles.Options, option{string(r), p.roleName(r)})
	}
	return []selectField{
		{"expires", p.T("Expires after"), []option{
			{"1h", p.T("1 hour")}, {"1d", p.T("1 day")}, {"7d", p.T("7 days")}, {"30d", p.T("30 days")},
			{"never", p.T("Never")},
		}},
		roles,
	}
}

// roomNames returns the names of rooms as text, separated by commas.
func roomNames(rooms []chat.Room) string {
	names := make([]string, len(rooms))
	for i, r := range rooms {
		names[i] = r.Name
	}
	return strings.Join(names, ", ")
}

// usesLeft returns a text that says how many people can still use an invitation.
func usesLeft(l Locale, in chat.Invitation) string {
	left, limited := in.UsesLeft()
	if !limited {
		return l.T("No limit of uses")
	}
	return l.T("%d uses left", left)
}

// removeInvitationURL returns the URL that ends an invitation.
func removeInvitationURL(id int64) string { return "/invites/" + formatInt(id) + "/remove" }
