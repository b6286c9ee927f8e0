package views

import "charla/chat"

// Bot is a bot as its owner sees it, with the rooms that it is in and the addresses that write into them.
type Bot struct {
	chat.Bot
	Online          bool
	Rooms, Webhooks []chat.BotRoom
}

// BotList is the page of one's bots. Token and Address are told this once, of the bot RevealedBot.
type BotList struct {
	Bots              []Bot
	Form              Form
	RevealedBot       int64
	Token, WebhookURL string
	Origin            string // how programs reach Charla
}

// curlExample is a line that shows how to use what is told.
func (b BotList) curlExample() string {
	if b.WebhookURL != "" {
		return "curl -d 'Hello' " + b.WebhookURL
	}
	return "curl -H 'Authorization: Bearer " + b.Token + "' -H 'Accept: application/json' " + b.Origin + "/chat"
}
