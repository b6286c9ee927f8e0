package chat

import "context"

// ChecklistReader reads what has been done in the community.
type ChecklistReader interface {
	// ChecklistFacts returns what is done of the steps that the settings do not tell.
	ChecklistFacts(ctx context.Context) (ChecklistFacts, error)
}

// ChecklistFacts is what is done of the steps of a Checklist that the settings of the community do not tell.
type ChecklistFacts struct {
	HasInvited bool `db:"has_invited"` // somebody made an invitation, or there are several people
	HasRoom    bool `db:"has_room"`    // there is a room besides General
}

// ChecklistStep is something that a new owner does to set up the community.
type ChecklistStep string

// The steps, in the order in which they are listed.
const (
	StepName         ChecklistStep = "name"         // name the community
	StepRegistration ChecklistStep = "registration" // decide who can register
	StepInvite       ChecklistStep = "invite"       // invite people
	StepRoom         ChecklistStep = "room"         // make a room
)

// ChecklistItem is a step and whether it is done.
type ChecklistItem struct {
	Step ChecklistStep
	Done bool
}

// Checklist returns the steps with which the acting user sets up the community. It returns nothing if they are not the
// owner, if all steps are done, or if the list was dismissed.
func (s *Service) Checklist(ctx context.Context, by User) ([]ChecklistItem, error) {
	settings := s.Community(ctx)
	if by.Role != RoleOwner || settings.ChecklistDismissed {
		return nil, nil
	}
	facts, err := s.store.ChecklistFacts(ctx)
	if err != nil {
		return nil, err
	}
	isNamed := settings.Name != DefaultCommunityName
	if isNamed && settings.RegistrationChosen && facts.HasInvited && facts.HasRoom {
		return nil, nil
	}
	return []ChecklistItem{
		{StepName, isNamed}, {StepRegistration, settings.RegistrationChosen}, {StepInvite, facts.HasInvited},
		{StepRoom, facts.HasRoom},
	}, nil
}

// DismissChecklist hides the list of steps for good. It returns Forbidden if the acting user may not change the
// settings of the community.
func (s *Service) DismissChecklist(ctx context.Context, by User) error {
	_, err := s.ChangeCommunity(ctx, by, func(c *Community) { c.ChecklistDismissed = true })
	return err
}
