package views

import "charla/chat"

// ApplicationsURL is the URL of the page on which admins decide about applications for an account.
const ApplicationsURL = "/admin/registrations"

// ApplicationList is the content of the page of open applications. If a decision was refused, Form is its form, and
// Submitted the id of the application that it is about.
type ApplicationList struct {
	Applications []chat.Application
	NextURL      string // next page; empty on the last one
	Submitted    int64
	Form         Form
}

// form returns the form of an application.
func (list ApplicationList) form(application int64) Form {
	if application != list.Submitted {
		return Form{}
	}
	return list.Form
}

// decisionURL returns the URL that approves or rejects an application.
func decisionURL(application int64, decision string) string {
	return ApplicationsURL + "/" + formatInt(application) + "/" + decision
}

// messageFieldID returns the DOM id of the field for the message to an applicant.
func messageFieldID(application int64) string { return "message-" + formatInt(application) }
