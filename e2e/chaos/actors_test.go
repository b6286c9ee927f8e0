package chaos

import (
	"fmt"
	"time"

	"charla/chat"
)

// How many write, and how many of them are programs.
const (
	writerCount      = 5
	tokenWriterCount = 2
)

var generalRoom = conversation{room: chat.General}

// startActors fills the world: rooms while all is quiet, then everybody who writes, reads, comes and goes. In the quiet room
// nobody but its keeper does anything.
func (w *cluster) startActors() (keeper user, quiet conversation) {
	w.Helper()
	keeper = w.nextUser()
	door, hall := w.createRoom(keeper, chat.AccessInviteOnly), w.createRoom(keeper, chat.AccessOpen)
	quiet = w.createRoom(keeper, chat.AccessInviteOnly)
	in := func(room conversation, p user) user {
		w.retry(func(n *node) op { return w.join(keeper, p, n, room.room) })
		return p
	}
	all := make([]user, writerCount)
	for i := range all {
		p := w.nextUser()
		if i >= writerCount-tokenWriterCount {
			p = w.newTokenUser()
			w.startActor(func() { w.refreshRepeatedly(p) })
		}
		all[i] = in(hall, in(door, p))
	}
	w.residents = append(all, keeper)
	aside := conversation{with: all[1].id}
	aside.room = w.retry(func(n *node) op { return w.post(all[0], n, aside, "first", w.uniqueText(all[0]), "") }).Room
	for _, n := range w.nodes {
		w.openReader(&reader{name: "reader at " + n.name, user: in(quiet, w.nextUser()), conversation: quiet, node: n, stayed: true})
	}
	w.openReader(&reader{name: "wandering reader", user: w.nextUser(), conversation: generalRoom, stayed: true})
	w.openReader(&reader{name: "another wandering reader", user: w.nextUser(), conversation: generalRoom, stayed: true})
	w.openReader(&reader{name: "slow reader", user: w.nextUser(), conversation: generalRoom, slow: true, stayed: true})
	w.openReader(&reader{name: "reader of a direct conversation", user: all[1], conversation: conversation{room: aside.room, with: all[0].id}, stayed: true})
	w.openReader(&reader{name: "reader behind the door", user: in(door, w.nextUser()), conversation: door, stayed: true})
	w.openReader(&reader{name: "reader in the hall", user: in(hall, w.nextUser()), conversation: hall, stayed: true})
	follower := w.newTokenUser()
	w.startActor(func() { w.refreshRepeatedly(follower) })
	w.openReader(&reader{name: "program that reads", user: follower, conversation: generalRoom, stayed: true})
	w.openReader(&reader{name: "program that reads behind the door", user: all[writerCount-1], conversation: door, stayed: true})
	w.openReader(&reader{name: "program that follows what is unread", user: all[writerCount-1], followsStates: true, stayed: true})
	w.openReader(&reader{name: "another program that follows what is unread", user: all[writerCount-2], followsStates: true, stayed: true})
	for _, n := range w.nodes {
		n.clientProxy.CutWhen(w.randomCuts(n.name))
		if n.storageProxy != nil {
			n.storageProxy.CutWhen(w.randomCuts("the vault of " + n.name))
		}
	}
	for i, p := range all {
		places := []conversation{generalRoom, generalRoom, door, hall}
		if i == 0 {
			places = append(places, aside)
		}
		w.startActor(func() { w.writeMessages(p, places) })
	}
	mover, joiner := w.nextUser(), w.newTokenUser()
	w.startActor(func() { w.joinAndLeave(keeper, mover, door) })
	w.startActor(func() { w.joinAndLeave(joiner, joiner, hall) })
	w.startActor(func() { w.refreshRepeatedly(joiner) })
	w.startActor(func() { w.fetchFiles(w.nextUser()) })
	w.startActor(func() { w.fetchFiles(mover) })
	w.startActor(func() { w.endSessions(keeper) })
	return keeper, quiet
}

// startActor runs an actor until it rests.
func (w *cluster) startActor(f func()) { w.actors.Go(f) }

func (w *cluster) stopping() bool { return w.actorsCtx.Err() != nil }

// uniqueText is a text that nobody else ever says.
func (w *cluster) uniqueText(p user) string {
	return fmt.Sprintf("said-%d-%d", p.id, w.textCount.Add(1))
}

// writeMessages sends one message after the other, some with files. Some are sent once more later, or another text with the same key; and
// the writer looks whether they are there, marks them read, and changes what was said.
func (w *cluster) writeMessages(p user, places []conversation) {
	for !w.stopping() {
		in, body := pick(w.random, places), w.uniqueText(p)
		key, files := "key "+body, ""
		if w.random.intN(8) == 0 {
			files = w.uploadSome(p)
		}
		w.rememberPost(w.retryMostly(func(n *node) op { return w.post(p, n, in, key, body, files) }))
		switch w.random.intN(20) {
		case 0:
			w.post(p, pick(w.random, w.nodes), in, key, body, files)
		case 1:
			w.post(p, pick(w.random, w.nodes), in, key, body+"-other", "")
		case 2, 3, 4:
			w.readAndMark(p, in)
		case 5, 6, 7, 8, 9, 10, 11:
			w.changeRecentMessage(p, in)
		}
		sleep(w.actorsCtx, w.random.millis(0, 30))
	}
}

// readAndMark reads, and marks read: now up to the last line, now up to any, which may be marked already.
func (w *cluster) readAndMark(p user, in conversation) {
	if o := w.read(p, pick(w.random, w.nodes), in); len(o.Messages) > 0 {
		w.markRead(p, pick(w.random, w.nodes), in, o.Messages[len(o.Messages)-1].Seq)
		w.markRead(p, pick(w.random, w.nodes), in, pick(w.random, o.Messages).Seq)
		w.countUnread(p, pick(w.random, w.nodes))
	}
}

// changeRecentMessage edits or deletes one of the last messages of somebody, those with files more often, or reacts to anybody's, or takes
// that back.
func (w *cluster) changeRecentMessage(p user, in conversation) {
	theirs, mine := w.recentPosts(in, p)
	if len(theirs) == 0 {
		return
	}
	m, is, body := pick(w.random, theirs), doReact, pick(w.random, []string{"👍", "🎉", "❤️"})
	if roll := w.random.intN(10); roll > 4 && len(mine) > 0 {
		if m, is, body = pick(w.random, mine), doEdit, w.uniqueText(p); roll == 9 || m.Files != "" && roll > 6 {
			is, body = doDelete, ""
		}
	}
	w.retryMostly(func(n *node) op { return w.changeMessage(p, n, m, is, body) })
}

// joinAndLeave lets somebody into a room and takes them out of it, again and again. They always try to follow the room, and to
// write in it.
func (w *cluster) joinAndLeave(by, who user, room conversation) {
	r := w.openReader(&reader{name: "reader who comes and goes", user: who, conversation: room})
	defer r.stop()
	for !w.stopping() {
		w.retry(func(n *node) op { return w.join(by, who, n, room.room) })
		w.tryPostAndRead(who, room)
		sleep(w.actorsCtx, w.random.millis(100, 1500))
		w.retry(func(n *node) op { return w.leave(by, who, n, room.room) })
		w.tryPostAndRead(who, room)
		sleep(w.actorsCtx, w.random.millis(0, 700))
	}
}

// tryPostAndRead writes, changes what was said and reads once, whether that is allowed or not.
func (w *cluster) tryPostAndRead(p user, in conversation) {
	body := w.uniqueText(p)
	w.rememberPost(w.post(p, pick(w.random, w.nodes), in, "key "+body, body, ""))
	w.changeRecentMessage(p, in)
	w.read(p, pick(w.random, w.nodes), in)
}

// endSessions lets people look, and ends their sessions. To be enabled again brings none back.
func (w *cluster) endSessions(admin user) {
	for !w.stopping() {
		p, end := pick(w.random, w.sessionEnds(admin)).prepare()
		r := w.openReader(&reader{name: "reader whose session ends", user: p, conversation: generalRoom})
		eventually(2*time.Second, r.wasOpen)
		if o := w.retry(end); o.Kind == doDisable {
			w.retry(func(n *node) op { return w.enableUser(admin, p, n) })
		}
		w.read(p, pick(w.random, w.nodes), generalRoom)
		sleep(w.actorsCtx, w.random.millis(300, 1500))
	}
}
