package views

import "charla/chat"

// Bot is a bot as its owner sees it, with the rooms that it is in and the addresses that write into them.
type Bot struct {
	chat.Bot
	Online       bool
	Rooms, Hooks []chat.BotRoom
}

// Bots is the page of one's bots. Token and Address are told this once, of the bot FreshBot.
type Bots struct {
	List           []Bot
	Form           Form
	FreshBot       int64
	Token, Address string
	Origin         string // how programs reach Charla
}

// curl is a line that shows how to use what is told.
func (b Bots) curl() string {
	if b.Address != "" {
		return "curl -d 'Hello' " + b.Address
	}
	return "curl -H 'Authorization: Bearer " + b.Token + "' -H 'Accept: application/json' " + b.Origin + "/chat"
}

// hookRemoveURL makes an address void.
func hookRemoveURL(h chat.BotRoom) string {
	return botURL(h.Bot, "hooks/") + number(h.ID) + "/remove"
}
