package views

import (
	"strings"

	"charla/chat"
)

// CommunityForm returns the form with the settings of the community.
func CommunityForm(c chat.Community) Form {
	return Form{Values: map[string]string{
		"name": c.Name, "welcome": c.Welcome, "registration": string(c.Registration), "domains": c.EmailDomains,
		"rooms": string(c.MayMakeRooms), "invites": string(c.MayInvite), "notify_all": string(c.MayNotifyAll),
		"pins": string(c.MayPin),
	}}
}

// permissionFields are the fields of the form that say who can do something.
func (l Locale) permissionFields() []selectField {
	roles := []option{
		{string(chat.RoleMember), l.T("Everyone")}, {string(chat.RoleModerator), l.T("Moderators and admins")},
		{string(chat.RoleAdmin), l.T("Only admins")},
	}
	return []selectField{
		{"rooms", l.T("Who can create rooms"), roles}, {"invites", l.T("Who can invite new people"), roles},
		{"notify_all", l.T("Who can notify everyone in a room"), roles},
		{"pins", l.T("Who can pin messages in a room"), roles},
	}
}

// registrationField is the field of the form that says how people can create an account.
func (l Locale) registrationField() selectField {
	return selectField{"registration", l.T("Who can create an account"), []option{
		{string(chat.RegistrationOpen), l.T("Anyone")},
		{string(chat.RegistrationInvited), l.T("People with an invitation")},
		{string(chat.RegistrationApproval), l.T("Anyone, after an admin approves")},
		{string(chat.RegistrationClosed), l.T("Nobody")},
	}}
}

// lines returns the lines of a text that are not empty.
func lines(text string) (list []string) {
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}
