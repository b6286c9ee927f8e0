package handlers_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"charla/chat"
	"charla/live/natstest"
)

// setLevel sets the level and the mute of a conversation, either of which may be empty.
func (b *client) setLevel(place, level, mute string) *answer {
	b.t.Helper()
	key, value, _ := strings.Cut(place, "=")
	return b.post("/notify", []string{key, value, "level", level, "mute", mute}, asJSON)
}

// levelInfo is the level and the mute of a conversation in JSON.
type levelInfo struct{ Level, Mute string }

// levelOf returns the level and mute of a room or of a direct conversation in GET /chat.
func (b *client) levelOf(place string) levelInfo {
	b.t.Helper()
	list := decode[overviewInfo](b.get("/chat", asJSON).is(200))
	for _, p := range list.People {
		if place == "with="+formatID(p.ID) {
			return p.levelInfo
		}
	}
	for _, r := range list.Rooms {
		if place == "room="+formatID(r.ID) {
			return r.levelInfo
		}
	}
	b.t.Fatal("no conversation ", place)
	return levelInfo{}
}

// TestEveryLevelInEveryMedium posts each kind of message into rooms of each level, muted or not, and compares what
// reaches a member by each medium with the decision of chat.Notifies.
func TestEveryLevelInEveryMedium(t *testing.T) {
	t.Parallel()
	onBothWithNotifications(t, func(t *testing.T, a *notifiedServer) {
		ana, berta := a.newConfirmedUser(t, "Ana", "ana@example.org"), a.newConfirmedUser(t, "Berta", "berta@example.org")
		ana.setPushSettings("topic", "", "")
		a.deliverPushes(t)
		type expectation struct {
			name      string
			relevance chat.Relevance
			level     chat.NotificationLevel
			muted     bool
		}
		rooms := map[int64]expectation{}
		for relevance, body := range []string{"hello", "hello @ana", "hello @channel", "hello @here"} {
			for _, level := range []chat.NotificationLevel{chat.LevelNothing, chat.LevelMentions, chat.LevelAll} {
				for muted, mute := range map[bool]string{false: "", true: "forever"} {
					name := fmt.Sprintf("%s at %s, muted: %v", body, level, muted)
					room := berta.createRoom(fmt.Sprint("R", relevance, level, muted), "invited", ana)
					rooms[room] = expectation{name, chat.Relevance(relevance), level, muted}
					ana.setLevel("room="+formatID(room), level.String(), mute).is(200)
					berta.post("/messages", []string{"room", formatID(room), "body", body, "all", "yes"}, asJSON).is(201)
				}
			}
		}
		by := map[chat.Medium][]int64{}
		digest, err := a.store.UnreadConversations(t.Context(), ana.user.ID, 0, 100, a.chat.NotificationRule(chat.MediumEmail))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range digest {
			by[chat.MediumEmail] = append(by[chat.MediumEmail], c.Room)
		}
		for _, push := range a.deliverPushes(t) {
			_, room, _ := strings.Cut(push.Click, "room=")
			id, err := strconv.ParseInt(room, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			by[chat.MediumPush] = append(by[chat.MediumPush], id)
		}
		conversations, err := a.chat.AllConversations(t.Context(), ana.user)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range conversations {
			for _, medium := range []chat.Medium{chat.MediumSound, chat.MediumTitle, chat.MediumBadge} {
				if c.Notifying(medium) > 0 {
					by[medium] = append(by[medium], c.Room)
				}
			}
		}
		for room, want := range rooms {
			for _, medium := range []chat.Medium{
				chat.MediumEmail, chat.MediumPush, chat.MediumSound, chat.MediumTitle, chat.MediumBadge,
			} {
				notifies := chat.Notifies(medium, want.relevance, want.level, want.muted)
				equal(t, string(medium)+" about "+want.name, slices.Contains(by[medium], room), notifies)
			}
		}
		equal(t, "scheduled digests", a.count(`SELECT COUNT(*) FROM unread_digests WHERE user_id = $1`, ana.user.ID), 1)
	})
}

// TestNotificationLevel sets levels and mutes, as a program and on the page, while the other member watches.
func TestNotificationLevel(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, s *testServer) {
		ana, eve := s.newUser("Ana"), s.newUser("Eve")
		berta := s.anonymous().register("Berta", "berta@example.org")
		room := "room=" + formatID(ana.createRoom("Kitchen", "invited", berta))
		equal(t, "before the first message", ana.levelOf(berta.peerQuery()), levelInfo{"all", "off"})
		ana.setLevel(berta.peerQuery(), "", "1h").isError(409, "conflict", "")
		ana.sendMessage(berta.peerQuery(), "hello")
		equal(t, "a direct conversation", berta.levelOf(ana.peerQuery()), levelInfo{"all", "off"})
		equal(t, "a room", berta.levelOf(room), levelInfo{"mentions", "off"})
		berta.setLevel(room, "some", "").isError(422, "invalid", "level")
		berta.setLevel(room, "", "2h").isError(422, "invalid", "mute")
		berta.setLevel(room, "", "").isError(422, "invalid", "level")
		eve.setLevel(room, "all", "").isError(404, "not_found", "")

		events, page := berta.listen("/events", asEventStream), berta.listen("/events?"+room)
		events.waitForNamed("ready")
		page.waitForElement("#conversation-list, [hx-target='#conversation-list']")
		other := ana.listen("/events?"+room, asEventStream)
		other.waitForNamed("ready")
		equal(t, "the answer", decode[conversationEvent](berta.setLevel(room, "all", "forever").is(200)).Mute, "forever")
		isMuted := func(e event) bool { return e.name == "changed" && strings.Contains(e.data, `"mute":"forever"`) }
		e, _ := events.readUntil("the event", isMuted)
		contains(t, e.data, `"level":"all"`, `"name":"Kitchen"`)
		page.waitForElement("[hx-target$='#notification-level'] summary", "Muted")
		equal(t, "in the list", berta.levelOf(room), levelInfo{"all", "forever"})
		equal(t, "for the other", ana.levelOf(room), levelInfo{"mentions", "off"})
		berta.get("/chat").shows("#conversation-list .list-row--muted", "Kitchen").has("<title>(1) Charla</title>")
		ana.get("/chat").hides(".list-row--muted")

		ana.sendMessage(room, "quiet @berta")
		berta.get("/chat").has("<title>(1) Charla</title>").shows(".list-row--muted .unread-badge", "1 unread")
		berta.get("/sound?" + room + "&seq=3").is(204)
		s.exec(`UPDATE members SET muted_until = $1 WHERE muted_until > 0`, time.Now().UnixMicro())
		ana.sendMessage(room, "loud")
		unmuted := page.waitForElement("title", "(3) ") // without a reload
		shows(t, unmuted.data, "[hx-target$='#notification-level'] summary", "All messages")
		equal(t, "after the end", berta.levelOf(room), levelInfo{"all", "off"})
		_, seen := other.readUntil("the message", func(e event) bool { return strings.Contains(e.data, "loud") })
		for _, e := range seen {
			lacks(t, e.data, "forever")
		}

		control := berta.get("/messages?" + room).is(200)
		control.shows("details#notification-level form[action='/notify'] button[value=all][aria-pressed=true]").
			shows("#notification-level button[value=mentions][aria-pressed=false]")
		key, id, _ := strings.Cut(room, "=")
		berta.post("/notify", []string{key, id, "level", "nothing"}).redirectsTo("/messages?" + room)
		berta.post("/notify", []string{key, id, "mute", "tomorrow"}, asHTMX).is(200).isFragment().
			shows("[hx-target$='#notification-level'] button[value=off]", "Unmute").has("Muted until")
		berta.get("/messages?"+room).shows("#notification-level summary", "Muted until")
		contains(t, unzip(t, []byte(berta.get("/settings/export").is(200).body))["rooms.json"], `"level":"nothing"`, `"mute":"20`)

		berta.post("/settings/delete", []string{"current", testPassword, "messages", "keep"}, asJSON).is(204)
		equal(t, "after the deletion", s.count(`SELECT COUNT(*) FROM members WHERE level > 0 OR muted_until > 0`), 0)
	})
}

// TestNotificationLevelReachesOtherNodes mutes a conversation on one node and watches the page on another.
func TestNotificationLevelReachesOtherNodes(t *testing.T) {
	t.Parallel()
	nodes := startNodes(t, 2, natstest.New(t).URL())
	ana := nodes[0].newUser("Ana")
	page := ana.onNode(nodes[1]).listen("/events?room=1")
	page.waitForElement("[hx-target='#conversation-list']")
	start := time.Now()
	ana.setLevel("room=1", "", "week").is(200)
	page.waitForElement("[hx-target='#conversation-list'] .list-row--muted", "General")
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the mute reached the other node after %v", took)
	}
}
