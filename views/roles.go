package views

import (
	"strings"

	"charla/chat"
)

// roleName returns the name of a role.
func (l Locale) roleName(r chat.Role) string {
	switch r {
	case chat.RoleGuest:
		return l.T("guest")
	case chat.RoleModerator:
		return l.T("moderator")
	case chat.RoleAdmin:
		return l.T("admin")
	case chat.RoleOwner:
		return l.T("owner")
	}
	return l.T("member")
}

// roleNames returns the names of roles as text, separated by commas.
func (l Locale) roleNames(roles []chat.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = l.roleName(r)
	}
	return strings.Join(names, ", ")
}

// communityRoles returns the roles in the community that the user of the page can give to others.
func (p Page) communityRoles() []chat.Role {
	if p.may(chat.HandOver) {
		return chat.CommunityRoles
	}
	return chat.CommunityRoles[:len(chat.CommunityRoles)-1]
}

// roles returns the roles that members of the room can have. General has no owner.
func (r RoomDetails) roles() []chat.Role {
	if r.ID == chat.General {
		return chat.RoomRoles[:len(chat.RoomRoles)-1]
	}
	return chat.RoomRoles
}

// actionName returns a text that says what an action is.
func (l Locale) actionName(a chat.Action) string {
	switch a {
	case chat.JoinRooms:
		return l.T("See and join open rooms")
	case chat.MakeRooms:
		return l.T("Create rooms")
	case chat.MakeBots:
		return l.T("Create bots")
	case chat.NotifyAll:
		return l.T("Notify everyone in a room with @channel or @here")
	case chat.InvitePeople:
		return l.T("Invite new people")
	case chat.DecideApplications:
		return l.T("Approve or reject applications for an account")
	case chat.ManagePeople:
		return l.T("See all accounts, deactivate and reactivate them")
	case chat.ChangeRoles:
		return l.T("Change the roles of people")
	case chat.HandOver:
		return l.T("Make someone else the owner")
	case chat.ChangeCommunity:
		return l.T("Change the settings of the community")
	case chat.InviteToOpenRoom:
		return l.T("Invite people to an open room")
	case chat.InviteToRoom:
		return l.T("Invite people to an invitation-only room")
	case chat.RemoveFromRoom:
		return l.T("Remove people from a room")
	case chat.ChangeRoomRoles:
		return l.T("Change roles in a room")
	case chat.PinMessages:
		return l.T("Pin messages")
	}
	return ""
}
