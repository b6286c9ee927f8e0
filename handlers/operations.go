package handlers

// parameters are what stands in addresses, by its name: it means the same everywhere.
var parameters = map[string]struct {
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

// operations describe the routes to programs. A test tells which one is missing, and which answer is not as it says.
var operations = map[string]operation{
	"GET /":         {does: "Says where this description is.", answers: answers{200: homeJSON{}}},
	"GET /register": {does: "The form to register, for browsers: 406 for programs.", answers: answers{200: media("text/html")}},
	"POST /register": {does: "Makes an account and signs in; where mail is on, 202, and a letter leads on.",
		takes: registration{}, answers: answers{201: personJSON{}, 202: nil}},
	"GET /login":               {does: "The form to log in, for browsers: 406 for programs.", answers: answers{200: media("text/html")}},
	"POST /login":              {does: "Signs in.", takes: credentials{}, answers: answers{200: personJSON{}}},
	"POST /logout":             {does: "Ends the session and its streams.", answers: answers{204: nil}},
	"GET /confirm/:token":      {does: "Where the letter to a new address leads, for browsers: 406 for programs.", answers: answers{200: media("text/html")}},
	"POST /confirm/:token":     {does: "Makes the account and signs in.", takes: secret{}, answers: answers{201: personJSON{}}},
	"GET /forgot":              {does: "The form for a forgotten password, for browsers: 406 for programs.", answers: answers{200: media("text/html")}},
	"POST /forgot":             {does: "Sends a link to a new password, if the address is somebody's.", takes: forgotten{}, answers: answers{202: nil}},
	"GET /reset/:token":        {does: "Where that link leads, for browsers: 406 for programs.", answers: answers{200: media("text/html")}},
	"POST /reset/:token":       {does: "A new password; ends all sessions.", takes: secret{}, answers: answers{204: nil}},
	"GET /email/:token":        {does: "Where the letter to a changed address leads, for browsers: 406 for programs.", answers: answers{200: media("text/html")}},
	"POST /email/:token":       {does: "Makes it the address of the account.", answers: answers{204: nil}},
	"GET /unsubscribe/:token":  {does: "Asks whether letters shall end, for browsers: 406 for programs.", answers: answers{200: media("text/html")}},
	"POST /unsubscribe/:token": {does: "Ends letters about unread messages.", answers: answers{204: nil}},

	"GET /chat": {does: "Who one is, one's rooms, and people: those talked with first, then who is here, then the others by name.",
		query: "q after", answers: answers{200: chatJSON{}}},

	"GET /conversations": {does: "Where one's conversations stand, those with unread messages first, then the latest, 100 at a time.",
		query: "after", answers: answers{200: conversationsJSON{}}},

	"GET /messages": {does: "A conversation, the oldest message first: the newest ones, those before a seq, or those after one. With changed_after, what changed since.",
		query: "with room before after changed_after as_of limit", answers: answers{200: historyJSON{}}},
	"POST /messages": {does: "Sends a message: 201, or 200 when the key had brought it before.",
		takes: posting{}, answers: answers{200: messageJSON{}, 201: messageJSON{}}},
	"GET /messages/live":           {does: "A page that never ends, for browsers: 406 for programs.", query: "with room", answers: answers{200: media("text/html")}},
	"GET /messages/:id":            {does: "One message.", answers: answers{200: messageJSON{}}},
	"PUT /messages/:id":            {does: "Gives a message of one's own another text, and those of its files that are named other descriptions.", takes: newText{}, answers: answers{200: messageJSON{}}},
	"DELETE /messages/:id":         {does: "Deletes a message of one's own; its line stays.", answers: answers{204: nil}},
	"POST /messages/:id/edit":      {does: "PUT, for forms, with alt-ID for each file to describe.", takes: newText{}, answers: answers{200: messageJSON{}}},
	"POST /messages/:id/delete":    {does: "DELETE, for forms.", answers: answers{204: nil}},
	"POST /messages/:id/reactions": {does: "Reacts; the same again takes it back, unless mine says what shall be.", takes: reaction{}, answers: answers{200: messageJSON{}}},
	"GET /emoji":                   {does: "Emoji that are found, or of a group.", query: "q group tone with room message", answers: answers{200: emojisJSON{}}},
	"POST /emoji":                  {does: "Puts an emoji at the end of a text.", takes: picking{}, answers: answers{200: pickedJSON{}}},
	"POST /typing": {does: "Keeps a draft and tells the others that one is writing; 200 hands back another draft that it replaced.",
		takes: posting{}, answers: answers{200: replacedJSON{}, 204: nil}},
	"POST /read": {does: "Marks read up to a message.", takes: readMark{}, answers: answers{204: nil}},
	"GET /events": {does: "The stream: with a conversation what happens in it, without one which of one's conversations went on. " +
		"See x-events for what it brings; Last-Event-ID goes before after.",
		query: "with room after", answers: answers{200: media("text/event-stream")}},

	"POST /files": {does: "Keeps files until a message takes them: in parts, or one whose bytes are the whole body. Several answer as a list.",
		query: "with room name upload", takes: parts{"with", "room", "upload", "alt"}, answers: answers{201: either{fileJSON{}, filesJSON{}}}},
	"GET /files/:id":         {does: "A file, or parts of it by Range.", query: "size", answers: answers{200: media("*/*"), 206: media("*/*")}},
	"POST /files/:id":        {does: "Says what a file shows that waits for its message.", takes: description{}, answers: answers{204: nil}},
	"DELETE /files/:id":      {does: "Forgets a file that waits for its message.", answers: answers{204: nil}},
	"POST /files/:id/delete": {does: "DELETE, for forms.", answers: answers{204: nil}},
	"POST /settings/avatar":  {does: "Another picture of oneself, or with remove none.", takes: parts{"remove"}, answers: answers{204: nil}},

	"GET /sound": {does: "A sound for a page that was called by what came up to a seq: 204 for programs.", query: "with room seq",
		answers: answers{200: media("text/html"), 204: nil}},
	"GET /settings":            {does: "All that one chose.", answers: answers{200: settingsJSON{}}},
	"POST /settings":           {does: "Keeps language, theme and sound.", takes: preferences{}, answers: answers{200: preferences{}}},
	"POST /settings/name":      {does: "Another name, shown everywhere.", takes: newName{}, answers: answers{200: authorJSON{}}},
	"GET /settings/export":     {does: "What is one's own, as a zip; one at a time.", answers: answers{200: media(zipType)}},
	"GET /settings/delete":     {does: "The form to delete one's account, for browsers: 406 for programs.", answers: answers{200: media("text/html")}},
	"POST /settings/delete":    {does: "Deletes one's account. What one wrote stays (leave) or goes (take).", takes: deletion{}, answers: answers{204: nil}},
	"POST /settings/password":  {does: "A new password; ends all other sessions.", takes: newPassword{}, answers: answers{204: nil}},
	"POST /settings/email":     {does: "Another address; where mail is on, 202, and a letter to it leads on.", takes: newAddress{}, answers: answers{202: nil, 204: nil}},
	"POST /settings/mail":      {does: "When unread messages are told by mail: off, soon, hour or day.", takes: mailWish{}, answers: answers{204: nil}},
	"POST /settings/push":      {does: "Where pushes go, and what is in them.", takes: pushWishes{}, answers: answers{204: nil}},
	"POST /settings/push/test": {does: "Sends one.", answers: answers{202: nil}},

	"GET /rooms":                           {does: "The open rooms that one may join.", query: "q after", answers: answers{200: roomsJSON{}}},
	"POST /rooms":                          {does: "Makes a room.", takes: newRoom{}, answers: answers{201: roomJSON{}}},
	"GET /rooms/:id":                       {does: "A room and who is in it, 50 at a time.", query: "q after", answers: answers{200: membersJSON{}}},
	"POST /rooms/:id/join":                 {does: "Joins an open room.", answers: answers{204: nil}},
	"POST /rooms/:id/leave":                {does: "Leaves a room.", answers: answers{204: nil}},
	"POST /rooms/:id/members":              {does: "Lets somebody in.", takes: invitation{}, answers: answers{204: nil}},
	"POST /rooms/:id/members/:user/remove": {does: "Takes somebody out.", answers: answers{204: nil}},
	"GET /people":                          {does: "Everybody, for an admin.", query: "q after", answers: answers{200: accountsJSON{}}},
	"POST /people/:id/disable":             {does: "Shuts a person out.", answers: answers{204: nil}},
	"POST /people/:id/enable":              {does: "Lets a person in again.", answers: answers{204: nil}},
	"POST /people/:id/admin":               {does: "Makes a person an admin too.", answers: answers{204: nil}},

	"GET /sessions":             {does: "Where one is signed in.", answers: answers{200: sessionsJSON{}}},
	"POST /sessions/:id/end":    {does: "Ends one of one's sessions and its streams.", answers: answers{204: nil}},
	"POST /sessions/end-others": {does: "Ends all but the one that asks.", answers: answers{204: nil}},
	"POST /tokens":              {does: "Signs a program in.", takes: credentials{}, answers: answers{201: tokensJSON{}}},
	"POST /tokens/refresh":      {does: "New tokens for a refresh token, which is good for one use.", takes: renewal{}, answers: answers{200: tokensJSON{}}},
	"DELETE /tokens/current":    {does: "Ends the session of the token that is sent.", answers: answers{204: nil}},

	"GET /bots":                         {does: "One's bots and the addresses that write as them.", answers: answers{200: botsJSON{}}},
	"POST /bots":                        {does: "Makes a bot; its token is told this once.", takes: newBot{}, answers: answers{201: botTokenJSON{}}},
	"POST /bots/:id/renew":              {does: "A new token; the one before is void.", answers: answers{200: botTokenJSON{}}},
	"POST /bots/:id/remove":             {does: "Disables a bot; what it wrote stays.", answers: answers{204: nil}},
	"POST /bots/:id/hooks":              {does: "An address that writes into a room as the bot; told this once.", takes: newHook{}, answers: answers{201: hookJSON{}}},
	"POST /bots/:id/hooks/:hook/remove": {does: "Makes that address void.", answers: answers{204: nil}},
	"POST /hooks/:secret": {does: "Writes what it is sent, as the bot, for whoever knows the address. A body of another type, and a form that does " +
		"not begin with body=, is the text itself.", query: "key", takes: posting{}, answers: answers{200: messageJSON{}, 201: messageJSON{}}},

	"GET /me.css":       {does: "What marks one's own lines on a page.", answers: answers{200: media("text/css")}},
	"GET /openapi.json": {does: "This description.", answers: answers{200: object{}}},
	"GET /healthz":      {does: "Whether the process lives.", answers: answers{200: media("text/plain")}},
	"GET /readyz":       {does: "Whether the database answers.", answers: answers{200: media("text/plain")}},
}

type nothingJSON struct{}

// programEvents are what a stream for programs brings, by name.
var programEvents = map[string]struct {
	data  any
	means string
}{
	"ready":    {readyJSON{}, "what was missed has been told, or without a conversation where all stand; from here on it is live"},
	"message":  {messageJSON{}, "a new message; its id is the cursor, as everywhere"},
	"edited":   {messageJSON{}, "a message has another text"},
	"deleted":  {messageJSON{}, "a message has no text any more"},
	"reaction": {messageJSON{}, "somebody reacted to a message, or took that back"},
	"presence": {presenceJSON{}, "who came and went, how many are here, and who is called otherwise"},
	"typing":   {typingJSON{}, "who else is writing; nobody in it: nobody any more"},
	"changed":  {conversationJSON{}, "a conversation of one's own went on, began, also by joining, or has another name; all of them at the start"},
	"left":     {leftJSON{}, "one is no longer in this room, by oneself or by another"},
	"read":     {conversationJSON{}, "one has read, perhaps elsewhere"},
	"resync":   {nothingJSON{}, "the cursor is of no use: fetch again with GET /messages"},
	"gone":     {nothingJSON{}, "one is no longer in this room"},
	"logout":   {nothingJSON{}, "the session is over"},
	"bye":      {nothingJSON{}, "the stream is over: do not come back by yourself"},
	"restart":  {nothingJSON{}, "the server restarts: come back after retry milliseconds, with the cursor"},
}
