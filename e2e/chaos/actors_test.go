package chaos

import (
	"fmt"
	"time"

	"charla/chat"
)

// The number of users who write, and how many of them are API clients with tokens.
const (
	writerCount      = 5
	tokenWriterCount = 2
)

var generalRoom = conversation{room: chat.General}

// startActors creates the rooms, and then starts all writers, readers, and users who join and leave. In the quiet room
// only its owner does anything.
func (c *cluster) startActors() (owner user, quiet conversation) {
	c.Helper()
	owner = c.nextUser()
	invited, open := c.createRoom(owner, chat.AccessInviteOnly), c.createRoom(owner, chat.AccessOpen)
	quiet = c.createRoom(owner, chat.AccessInviteOnly)
	in := func(room conversation, p user) user {
		c.retry(func(n *node) op { return c.join(owner, p, n, room.room) })
		return p
	}
	all := make([]user, writerCount)
	for i := range all {
		p := c.nextUser()
		if i >= writerCount-tokenWriterCount {
			p = c.newTokenUser()
			c.startActor(func() { c.refreshRepeatedly(p) })
		}
		all[i] = in(open, in(invited, p))
	}
	c.residents = append(all, owner)
	direct := conversation{with: all[1].id}
	direct.room = c.retry(func(n *node) op { return c.post(all[0], n, direct, "first", c.uniqueText(all[0]), "") }).Room
	for _, n := range c.nodes {
		c.openReader(&reader{name: "reader at " + n.name, user: in(quiet, c.nextUser()), conversation: quiet, node: n,
			stayed: true})
	}
	c.openReader(&reader{name: "reader on any node", user: c.nextUser(), conversation: generalRoom, stayed: true})
	c.openReader(&reader{name: "another reader on any node", user: c.nextUser(), conversation: generalRoom,
		stayed: true})
	c.openReader(&reader{name: "slow reader", user: c.nextUser(), conversation: generalRoom, slow: true, stayed: true})
	c.openReader(&reader{name: "reader of a direct conversation", user: all[1],
		conversation: conversation{room: direct.room, with: all[0].id}, stayed: true})
	c.openReader(&reader{name: "reader of the invite-only room", user: in(invited, c.nextUser()), conversation: invited,
		stayed: true})
	c.openReader(&reader{name: "reader of the open room", user: in(open, c.nextUser()), conversation: open,
		stayed: true})
	follower := c.newTokenUser()
	c.startActor(func() { c.refreshRepeatedly(follower) })
	c.openReader(&reader{name: "API client that reads", user: follower, conversation: generalRoom, stayed: true})
	c.openReader(&reader{name: "API client that reads the invite-only room", user: all[writerCount-1],
		conversation: invited, stayed: true})
	c.openReader(&reader{name: "API client that follows unread counts", user: all[writerCount-1], followsStates: true,
		stayed: true})
	c.openReader(&reader{name: "another API client that follows unread counts", user: all[writerCount-2],
		followsStates: true, stayed: true})
	for _, n := range c.nodes {
		n.clientProxy.CutWhen(c.randomCuts(n.name))
		if n.storageProxy != nil {
			n.storageProxy.CutWhen(c.randomCuts("the storage of " + n.name))
		}
	}
	for i, p := range all {
		places := []conversation{generalRoom, generalRoom, invited, open}
		if i == 0 {
			places = append(places, direct)
		}
		c.startActor(func() { c.writeMessages(p, places) })
	}
	mover, joiner := c.nextUser(), c.newTokenUser()
	c.startActor(func() { c.joinAndLeave(owner, mover, invited) })
	c.startActor(func() { c.joinAndLeave(joiner, joiner, open) })
	c.startActor(func() { c.refreshRepeatedly(joiner) })
	c.startActor(func() { c.fetchFiles(c.nextUser()) })
	c.startActor(func() { c.fetchFiles(mover) })
	c.startActor(func() { c.endSessions(owner) })
	return owner, quiet
}

// startActor runs f as an actor, which must return soon after stopping reports true.
func (c *cluster) startActor(f func()) { c.actors.Go(f) }

// stopping reports whether actors should stop.
func (c *cluster) stopping() bool { return c.actorsCtx.Err() != nil }

// uniqueText returns a text that is used only once.
func (c *cluster) uniqueText(p user) string {
	return fmt.Sprintf("said-%d-%d", p.id, c.textCount.Add(1))
}

// writeMessages posts one message after the other, some with files. It repeats some of them later, or sends another
// text with the same key. In between it reads, marks messages as read, and changes messages.
func (c *cluster) writeMessages(p user, places []conversation) {
	for !c.stopping() {
		in, body := pick(c.random, places), c.uniqueText(p)
		key, files := "key "+body, ""
		if c.random.intN(8) == 0 {
			files = c.uploadSome(p)
		}
		c.rememberPost(c.retryMostly(func(n *node) op { return c.post(p, n, in, key, body, files) }))
		switch c.random.intN(20) {
		case 0:
			c.post(p, pick(c.random, c.nodes), in, key, body, files)
		case 1:
			c.post(p, pick(c.random, c.nodes), in, key, body+"-other", "")
		case 2, 3, 4:
			c.readAndMark(p, in)
		case 5, 6, 7, 8, 9, 10, 11:
			c.changeRecentMessage(p, in)
		}
		sleep(c.actorsCtx, c.random.millis(0, 30))
	}
}

// readAndMark reads a conversation and marks it read twice: up to the last message, and up to a random one, which may
// be marked already.
func (c *cluster) readAndMark(p user, in conversation) {
	if o := c.read(p, pick(c.random, c.nodes), in); len(o.Messages) > 0 {
		c.markRead(p, pick(c.random, c.nodes), in, o.Messages[len(o.Messages)-1].Seq)
		c.markRead(p, pick(c.random, c.nodes), in, pick(c.random, o.Messages).Seq)
		c.countUnread(p, pick(c.random, c.nodes))
	}
}

// changeRecentMessage edits or deletes a recent message of the user, more often one with files, toggles a reaction to
// anybody's, or pins or unpins it.
func (c *cluster) changeRecentMessage(p user, in conversation) {
	theirs, mine := c.recentPosts(in, p)
	if len(theirs) == 0 {
		return
	}
	m, is, body := pick(c.random, theirs), doReact, pick(c.random, []string{"👍", "🎉", "❤️"})
	roll := c.random.intN(10)
	if roll < 2 {
		is, body = []opKind{doPin, doUnpin}[roll], ""
	}
	if roll > 4 && len(mine) > 0 {
		if m, is, body = pick(c.random, mine), doEdit, c.uniqueText(p); roll == 9 || m.Files != "" && roll > 6 {
			is, body = doDelete, ""
		}
	}
	c.retryMostly(func(n *node) op { return c.changeMessage(p, n, m, is, body) })
}

// joinAndLeave adds a user to a room and removes them, again and again. The user tries to follow the room and to write
// in it all the time.
func (c *cluster) joinAndLeave(by, who user, room conversation) {
	r := c.openReader(&reader{name: "reader who joins and leaves", user: who, conversation: room})
	defer r.stop()
	for !c.stopping() {
		c.retry(func(n *node) op { return c.join(by, who, n, room.room) })
		c.tryPostAndRead(who, room)
		sleep(c.actorsCtx, c.random.millis(100, 1500))
		c.retry(func(n *node) op { return c.leave(by, who, n, room.room) })
		c.tryPostAndRead(who, room)
		sleep(c.actorsCtx, c.random.millis(0, 700))
	}
}

// tryPostAndRead posts, changes a message and reads once, whether that is allowed or not.
func (c *cluster) tryPostAndRead(p user, in conversation) {
	body := c.uniqueText(p)
	c.rememberPost(c.post(p, pick(c.random, c.nodes), in, "key "+body, body, ""))
	c.changeRecentMessage(p, in)
	c.read(p, pick(c.random, c.nodes), in)
}

// endSessions opens readers and ends their sessions. Enabling a disabled user again must not bring a session back.
func (c *cluster) endSessions(admin user) {
	for !c.stopping() {
		p, end := pick(c.random, c.sessionEnds(admin)).prepare()
		r := c.openReader(&reader{name: "reader whose session ends", user: p, conversation: generalRoom})
		eventually(2*time.Second, r.wasOpen)
		if o := c.retry(end); o.Kind == doDisable {
			c.retry(func(n *node) op { return c.enableUser(admin, p, n) })
		}
		c.read(p, pick(c.random, c.nodes), generalRoom)
		sleep(c.actorsCtx, c.random.millis(300, 1500))
	}
}
