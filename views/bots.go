package views

import "charla/chat"

// Bot is what the page of bots shows about a bot to its owner: the bot, the rooms that it is a member of, and its
// webhooks.
type Bot struct {
	chat.Bot
	Online          bool
	Rooms, Webhooks []chat.BotRoom
}

// BotList is the content of the page of bots. RevealedBot is the bot whose token or webhook was just created. Only then
// is Token or WebhookURL set. The page shows such a secret once, because the database stores only its hash.
type BotList struct {
	Bots              []Bot
	Form              Form
	RevealedBot       int64
	Token, WebhookURL string
	Origin            string // public URL of the server, without a path; "" if the server does not know it
}

// curlExample returns a command line with which the owner can try the new token or webhook.
func (b BotList) curlExample() string {
	if b.WebhookURL != "" {
		return "curl -d 'Hello' " + b.WebhookURL
	}
	return "curl -H 'Authorization: Bearer " + b.Token + "' -H 'Accept: application/json' " + b.Origin + "/chat"
}
