package chaos

import (
	"fmt"
	"time"

	"charla/chat"
)

// How many write, and how many of them are programs.
const (
	writers  = 5
	programs = 2
)

var general = place{room: chat.General}

// populate fills the world: rooms while all is quiet, then everybody who writes, reads, comes and goes. In the quiet room
// nobody but its keeper does anything.
func (w *world) populate() (keeper person, quiet place) {
	w.Helper()
	keeper = w.newcomer()
	door, hall := w.makeRoom(keeper, chat.Invited), w.makeRoom(keeper, chat.Open)
	quiet = w.makeRoom(keeper, chat.Invited)
	in := func(room place, p person) person {
		w.insist(func(n *node) op { return w.admit(keeper, p, n, room.room) })
		return p
	}
	all := make([]person, writers)
	for i := range all {
		p := w.newcomer()
		if i >= writers-programs {
			p = w.newProgram()
			w.act(func() { w.renewing(p) })
		}
		all[i] = in(hall, in(door, p))
	}
	w.residents = append(all, keeper)
	aside := place{with: all[1].id}
	aside.room = w.insist(func(n *node) op { return w.post(all[0], n, aside, "first", w.word(all[0]), "") }).Room
	for _, n := range w.nodes {
		w.watch(&reader{name: "reader at " + n.name, person: in(quiet, w.newcomer()), place: quiet, pinned: n, stayed: true})
	}
	w.watch(&reader{name: "wandering reader", person: w.newcomer(), place: general, stayed: true})
	w.watch(&reader{name: "another wandering reader", person: w.newcomer(), place: general, stayed: true})
	w.watch(&reader{name: "slow reader", person: w.newcomer(), place: general, slow: true, stayed: true})
	w.watch(&reader{name: "reader of a direct conversation", person: all[1], place: place{room: aside.room, with: all[0].id}, stayed: true})
	w.watch(&reader{name: "reader behind the door", person: in(door, w.newcomer()), place: door, stayed: true})
	w.watch(&reader{name: "reader in the hall", person: in(hall, w.newcomer()), place: hall, stayed: true})
	follower := w.newProgram()
	w.act(func() { w.renewing(follower) })
	w.watch(&reader{name: "program that reads", person: follower, place: general, stayed: true})
	w.watch(&reader{name: "program that reads behind the door", person: all[writers-1], place: door, stayed: true})
	w.watch(&reader{name: "program that follows what is unread", person: all[writers-1], states: true, stayed: true})
	w.watch(&reader{name: "another program that follows what is unread", person: all[writers-2], states: true, stayed: true})
	for _, n := range w.nodes {
		n.front.Chop(w.chop(n.name))
		if n.vault != nil {
			n.vault.Chop(w.chop("the vault of " + n.name))
		}
	}
	for i, p := range all {
		places := []place{general, general, door, hall}
		if i == 0 {
			places = append(places, aside)
		}
		w.act(func() { w.write(p, places) })
	}
	mover, joiner := w.newcomer(), w.newProgram()
	w.act(func() { w.comeAndGo(keeper, mover, door) })
	w.act(func() { w.comeAndGo(joiner, joiner, hall) })
	w.act(func() { w.renewing(joiner) })
	w.act(func() { w.look(w.newcomer()) })
	w.act(func() { w.look(mover) })
	w.act(func() { w.sessionsEnd(keeper) })
	return keeper, quiet
}

// act runs an actor until it rests.
func (w *world) act(f func()) { w.writing.Go(f) }

func (w *world) over() bool { return w.acting.Err() != nil }

// word is a text that nobody else ever says.
func (w *world) word(p person) string { return fmt.Sprintf("said-%d-%d", p.id, w.words.Add(1)) }

// write sends one message after the other, some with files. Some are sent once more later, or another text with the same key; and
// the writer looks whether they are there, marks them read, and changes what was said.
func (w *world) write(p person, places []place) {
	for !w.over() {
		in, body := pick(w.dice, places), w.word(p)
		key, files := "key "+body, ""
		if w.dice.upTo(8) == 0 {
			files = w.choose(p)
		}
		w.said(w.mostly(func(n *node) op { return w.post(p, n, in, key, body, files) }))
		switch w.dice.upTo(20) {
		case 0:
			w.post(p, pick(w.dice, w.nodes), in, key, body, files)
		case 1:
			w.post(p, pick(w.dice, w.nodes), in, key, body+"-other", "")
		case 2, 3, 4:
			w.catchUp(p, in)
		case 5, 6, 7, 8, 9, 10, 11:
			w.alter(p, in)
		}
		pause(w.acting, w.dice.ms(0, 30))
	}
}

// catchUp reads, and marks read: now up to the last line, now up to any, which may be marked already.
func (w *world) catchUp(p person, in place) {
	if o := w.read(p, pick(w.dice, w.nodes), in); len(o.Lines) > 0 {
		w.mark(p, pick(w.dice, w.nodes), in, o.Lines[len(o.Lines)-1].Seq)
		w.mark(p, pick(w.dice, w.nodes), in, pick(w.dice, o.Lines).Seq)
		w.count(p, pick(w.dice, w.nodes))
	}
}

// alter edits or deletes one of the last messages of somebody, those with files more often, or reacts to anybody's, or takes
// that back.
func (w *world) alter(p person, in place) {
	theirs, mine := w.lately(in, p)
	if len(theirs) == 0 {
		return
	}
	m, is, body := pick(w.dice, theirs), doReact, pick(w.dice, []string{"👍", "🎉", "❤️"})
	if roll := w.dice.upTo(10); roll > 4 && len(mine) > 0 {
		if m, is, body = pick(w.dice, mine), doEdit, w.word(p); roll == 9 || m.Files != "" && roll > 6 {
			is, body = doDelete, ""
		}
	}
	w.mostly(func(n *node) op { return w.change(p, n, m, is, body) })
}

// comeAndGo lets somebody into a room and takes them out of it, again and again. They always try to follow the room, and to
// write in it.
func (w *world) comeAndGo(by, who person, room place) {
	r := w.watch(&reader{name: "reader who comes and goes", person: who, place: room})
	defer r.stop()
	for !w.over() {
		w.insist(func(n *node) op { return w.admit(by, who, n, room.room) })
		w.try(who, room)
		pause(w.acting, w.dice.ms(100, 1500))
		w.insist(func(n *node) op { return w.depart(by, who, n, room.room) })
		w.try(who, room)
		pause(w.acting, w.dice.ms(0, 700))
	}
}

// try writes, changes what was said and reads once, whether that is allowed or not.
func (w *world) try(p person, in place) {
	body := w.word(p)
	w.said(w.post(p, pick(w.dice, w.nodes), in, "key "+body, body, ""))
	w.alter(p, in)
	w.read(p, pick(w.dice, w.nodes), in)
}

// sessionsEnd lets people look, and ends their sessions. To be enabled again brings none back.
func (w *world) sessionsEnd(admin person) {
	for !w.over() {
		p, end := pick(w.dice, w.farewells(admin)).of()
		r := w.watch(&reader{name: "reader whose session ends", person: p, place: general})
		eventually(2*time.Second, r.open)
		if o := w.insist(end); o.Kind == doDisable {
			w.insist(func(n *node) op { return w.enable(admin, p, n) })
		}
		w.read(p, pick(w.dice, w.nodes), general)
		pause(w.acting, w.dice.ms(300, 1500))
	}
}
