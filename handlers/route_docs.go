package handlers

import "charla/handlers/web"

// queryParameters are what stands in addresses, by its name: it means the same everywhere.
var queryParameters = map[string]struct {
	kind  any
	means string
}{
	"with":          {int64(0), "the person at the other end of a direct conversation; instead of room"},
	"room":          {int64(0), "the room; instead of with"},
	"before":        {int64(0), "only messages with a smaller seq, the newest of them"},
	"after":         {int64(0), "what comes after this: a seq for messages and streams, an id for people and rooms"},
	"changed_after": {int64(0), "what changed after this number, new messages too, in the order of the changes; 409 where one must begin again from 0"},
	"as_of":         {int64(0), "in the next of changed_after: where the room stood when it was asked first"},
	"limit":         {0, "how many messages at most: 50, up to 200"},
	"key":           {"", "names the message, so that it is one however often it is sent"},
	"q":             {"", "what the name contains, whatever its case and accents"},
	"group":         {0, "a group of emoji, from 0"},
	"tone":          {0, "a skin tone from 0, for none, to 5"},
	"message":       {int64(0), "the message that one reacts to"},
	"name":          {"", "what a file is called whose bytes are the whole body"},
	"upload":        {"", "names the upload, so that the person's pages show how far it is"},
	"seq":           {int64(0), "up to which message"},
	"size":          {"", "of a picture: thumb, medium or square; otherwise the whole file"},
}

// routeDocs describe the routes to programs. A test tells which one is missing, and which answer is not as it says.
var routeDocs = map[string]Operation{
	"GET /":         {Summary: "Says where this description is.", Responses: Responses{200: homeJSON{}}},
	"GET /register": {Summary: "The form to register, for browsers: 406 for programs.", Responses: Responses{200: MediaType("text/html")}},
	"POST /register": {Summary: "Makes an account and signs in; where mail is on, 202, and a letter leads on.",
		Body: registerRequest{}, Responses: Responses{201: personJSON{}, 202: nil}},
	"GET /login":               {Summary: "The form to log in, for browsers: 406 for programs.", Responses: Responses{200: MediaType("text/html")}},
	"POST /login":              {Summary: "Signs in.", Body: loginRequest{}, Responses: Responses{200: personJSON{}}},
	"POST /logout":             {Summary: "Ends the session and its streams.", Responses: Responses{204: nil}},
	"GET /confirm/:token":      {Summary: "Where the letter to a new address leads, for browsers: 406 for programs.", Responses: Responses{200: MediaType("text/html")}},
	"POST /confirm/:token":     {Summary: "Makes the account and signs in.", Body: passwordRequest{}, Responses: Responses{201: personJSON{}}},
	"GET /forgot":              {Summary: "The form for a forgotten password, for browsers: 406 for programs.", Responses: Responses{200: MediaType("text/html")}},
	"POST /forgot":             {Summary: "Sends a link to a new password, if the address is somebody's.", Body: forgotPasswordRequest{}, Responses: Responses{202: nil}},
	"GET /reset/:token":        {Summary: "Where that link leads, for browsers: 406 for programs.", Responses: Responses{200: MediaType("text/html")}},
	"POST /reset/:token":       {Summary: "A new password; ends all sessions.", Body: passwordRequest{}, Responses: Responses{204: nil}},
	"GET /email/:token":        {Summary: "Where the letter to a changed address leads, for browsers: 406 for programs.", Responses: Responses{200: MediaType("text/html")}},
	"POST /email/:token":       {Summary: "Makes it the address of the account.", Responses: Responses{204: nil}},
	"GET /unsubscribe/:token":  {Summary: "Asks whether letters shall end, for browsers: 406 for programs.", Responses: Responses{200: MediaType("text/html")}},
	"POST /unsubscribe/:token": {Summary: "Ends letters about unread messages.", Responses: Responses{204: nil}},

	"GET /chat": {Summary: "Who one is, one's rooms, and people: those talked with first, then who is here, then the others by name.",
		Query: "q after", Responses: Responses{200: chatJSON{}}},

	"GET /conversations": {Summary: "Where one's conversations stand, those with unread messages first, then the latest, 100 at a time.",
		Query: "after", Responses: Responses{200: conversationsJSON{}}},

	"GET /messages": {Summary: "A conversation, the oldest message first: the newest ones, those before a seq, or those after one. With changed_after, what changed since.",
		Query: "with room before after changed_after as_of limit", Responses: Responses{200: historyJSON{}}},
	"POST /messages": {Summary: "Sends a message: 201, or 200 when the key had brought it before.",
		Body: postRequest{}, Responses: Responses{200: web.MessageJSON{}, 201: web.MessageJSON{}}},
	"GET /messages/live":           {Summary: "A page that never ends, for browsers: 406 for programs.", Query: "with room", Responses: Responses{200: MediaType("text/html")}},
	"GET /messages/:id":            {Summary: "One message.", Responses: Responses{200: web.MessageJSON{}}},
	"PUT /messages/:id":            {Summary: "Gives a message of one's own another text, and those of its files that are named other descriptions.", Body: editRequest{}, Responses: Responses{200: web.MessageJSON{}}},
	"DELETE /messages/:id":         {Summary: "Deletes a message of one's own; its line stays.", Responses: Responses{204: nil}},
	"POST /messages/:id/edit":      {Summary: "PUT, for forms, with alt-ID for each file to describe.", Body: editRequest{}, Responses: Responses{200: web.MessageJSON{}}},
	"POST /messages/:id/delete":    {Summary: "DELETE, for forms.", Responses: Responses{204: nil}},
	"POST /messages/:id/reactions": {Summary: "Reacts; the same again takes it back, unless mine says what shall be.", Body: reactionRequest{}, Responses: Responses{200: web.MessageJSON{}}},
	"GET /emoji":                   {Summary: "Emoji that are found, or of a group.", Query: "q group tone with room message", Responses: Responses{200: emojisJSON{}}},
	"POST /emoji":                  {Summary: "Puts an emoji at the end of a text.", Body: emojiRequest{}, Responses: Responses{200: pickedJSON{}}},
	"POST /typing": {Summary: "Keeps a draft and tells the others that one is writing; 200 hands back another draft that it replaced.",
		Body: postRequest{}, Responses: Responses{200: replacedJSON{}, 204: nil}},
	"POST /read": {Summary: "Marks read up to a message.", Body: markReadRequest{}, Responses: Responses{204: nil}},
	"GET /events": {Summary: "The stream: with a conversation what happens in it, without one which of one's conversations went on. " +
		"See x-events for what it brings; Last-Event-ID goes before after.",
		Query: "with room after", Responses: Responses{200: MediaType("text/event-stream")}},

	"POST /files": {Summary: "Keeps files until a message takes them: in parts, or one whose bytes are the whole body. Several answer as a list.",
		Query: "with room name upload", Body: MultipartFields{"with", "room", "upload", "alt"}, Responses: Responses{201: AnyOf{web.FileJSON{}, filesJSON{}}}},
	"GET /files/:id":         {Summary: "A file, or parts of it by Range.", Query: "size", Responses: Responses{200: MediaType("*/*"), 206: MediaType("*/*")}},
	"POST /files/:id":        {Summary: "Says what a file shows that waits for its message.", Body: altTextForm{}, Responses: Responses{204: nil}},
	"DELETE /files/:id":      {Summary: "Forgets a file that waits for its message.", Responses: Responses{204: nil}},
	"POST /files/:id/delete": {Summary: "DELETE, for forms.", Responses: Responses{204: nil}},
	"POST /settings/avatar":  {Summary: "Another picture of oneself, or with remove none.", Body: MultipartFields{"remove"}, Responses: Responses{204: nil}},

	"GET /sound": {Summary: "A sound for a page that was called by what came up to a seq: 204 for programs.", Query: "with room seq",
		Responses: Responses{200: MediaType("text/html"), 204: nil}},
	"GET /settings":            {Summary: "All that one chose.", Responses: Responses{200: settingsJSON{}}},
	"POST /settings":           {Summary: "Keeps language, theme and sound.", Body: preferences{}, Responses: Responses{200: preferences{}}},
	"POST /settings/name":      {Summary: "Another name, shown everywhere.", Body: renameRequest{}, Responses: Responses{200: web.AuthorJSON{}}},
	"GET /settings/export":     {Summary: "What is one's own, as a zip; one at a time.", Responses: Responses{200: MediaType(zipType)}},
	"GET /settings/delete":     {Summary: "The form to delete one's account, for browsers: 406 for programs.", Responses: Responses{200: MediaType("text/html")}},
	"POST /settings/delete":    {Summary: "Deletes one's account. What one wrote stays (leave) or goes (take).", Body: deleteAccountRequest{}, Responses: Responses{204: nil}},
	"POST /settings/password":  {Summary: "A new password; ends all other sessions.", Body: changePasswordRequest{}, Responses: Responses{204: nil}},
	"POST /settings/email":     {Summary: "Another address; where mail is on, 202, and a letter to it leads on.", Body: changeEmailRequest{}, Responses: Responses{202: nil, 204: nil}},
	"POST /settings/mail":      {Summary: "When unread messages are told by mail: off, soon, hour or day.", Body: emailSettingsRequest{}, Responses: Responses{204: nil}},
	"POST /settings/push":      {Summary: "Where pushes go, and what is in them.", Body: pushSettings{}, Responses: Responses{204: nil}},
	"POST /settings/push/test": {Summary: "Sends one.", Responses: Responses{202: nil}},

	"GET /rooms":                           {Summary: "The open rooms that one may join.", Query: "q after", Responses: Responses{200: roomsJSON{}}},
	"POST /rooms":                          {Summary: "Makes a room.", Body: createRoomRequest{}, Responses: Responses{201: roomJSON{}}},
	"GET /rooms/:id":                       {Summary: "A room and who is in it, 50 at a time.", Query: "q after", Responses: Responses{200: membersJSON{}}},
	"POST /rooms/:id/join":                 {Summary: "Joins an open room.", Responses: Responses{204: nil}},
	"POST /rooms/:id/leave":                {Summary: "Leaves a room.", Responses: Responses{204: nil}},
	"POST /rooms/:id/members":              {Summary: "Lets somebody in.", Body: inviteRequest{}, Responses: Responses{204: nil}},
	"POST /rooms/:id/members/:user/remove": {Summary: "Takes somebody out.", Responses: Responses{204: nil}},
	"GET /people":                          {Summary: "Everybody, for an admin.", Query: "q after", Responses: Responses{200: accountsJSON{}}},
	"POST /people/:id/disable":             {Summary: "Shuts a person out.", Responses: Responses{204: nil}},
	"POST /people/:id/enable":              {Summary: "Lets a person in again.", Responses: Responses{204: nil}},
	"POST /people/:id/admin":               {Summary: "Makes a person an admin too.", Responses: Responses{204: nil}},

	"GET /sessions":             {Summary: "Where one is signed in.", Responses: Responses{200: sessionsJSON{}}},
	"POST /sessions/:id/end":    {Summary: "Ends one of one's sessions and its streams.", Responses: Responses{204: nil}},
	"POST /sessions/end-others": {Summary: "Ends all but the one that asks.", Responses: Responses{204: nil}},
	"POST /tokens":              {Summary: "Signs a program in.", Body: loginRequest{}, Responses: Responses{201: tokensJSON{}}},
	"POST /tokens/refresh":      {Summary: "New tokens for a refresh token, which is good for one use.", Body: refreshRequest{}, Responses: Responses{200: tokensJSON{}}},
	"DELETE /tokens/current":    {Summary: "Ends the session of the token that is sent.", Responses: Responses{204: nil}},

	"GET /bots":                         {Summary: "One's bots and the addresses that write as them.", Responses: Responses{200: botsJSON{}}},
	"POST /bots":                        {Summary: "Makes a bot; its token is told this once.", Body: createBotRequest{}, Responses: Responses{201: botTokenJSON{}}},
	"POST /bots/:id/renew":              {Summary: "A new token; the one before is void.", Responses: Responses{200: botTokenJSON{}}},
	"POST /bots/:id/remove":             {Summary: "Disables a bot; what it wrote stays.", Responses: Responses{204: nil}},
	"POST /bots/:id/hooks":              {Summary: "An address that writes into a room as the bot; told this once.", Body: createWebhookRequest{}, Responses: Responses{201: webhookJSON{}}},
	"POST /bots/:id/hooks/:hook/remove": {Summary: "Makes that address void.", Responses: Responses{204: nil}},
	"POST /hooks/:secret": {Summary: "Writes what it is sent, as the bot, for whoever knows the address. A body of another type, and a form that does " +
		"not begin with body=, is the text itself.", Query: "key", Body: postRequest{}, Responses: Responses{200: web.MessageJSON{}, 201: web.MessageJSON{}}},

	"GET /me.css":       {Summary: "What marks one's own lines on a page.", Responses: Responses{200: MediaType("text/css")}},
	"GET /openapi.json": {Summary: "This description.", Responses: Responses{200: jsonObject{}}},
	"GET /healthz":      {Summary: "Whether the process lives.", Responses: Responses{200: MediaType("text/plain")}},
	"GET /readyz":       {Summary: "Whether the database answers.", Responses: Responses{200: MediaType("text/plain")}},
}
