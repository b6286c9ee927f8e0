// Package live carries what happens to those who watch: open streams, who is here, the delivery of a room's changes in
// their order, and the hints between nodes.
//
// # The life of a stream
//
// Subscribe puts a stream into its topic; Run or Detach writes to one reader until either side ends it. Between the two
// the caller reads the changes that the reader missed, so that nothing falls between the database and the queue: what was
// committed before Subscribe is in the database, what comes after is in the queue, and what is in both is dropped by its
// number.
//
// A stream sleeps until something waits for its reader, then it is awake until everything is written: that is the only
// time when somebody writes, so there is never more than one writer. Run writes on its caller's goroutine. The writers
// share the detached streams, and a write that would wait goes on in a goroutine of its own. The watcher notices readers
// that go.
//
// # The order of a room
//
// A topic remembers the last number it has sent. The next number is delivered, a known one dropped, and a gap is filled
// from the database, which is the truth: publishing out of order, a lost hint and another node's post are one case.
//
// # Who leaves a room
//
// A departure is a change with a number, so it stands in the queue of every stream of that topic in its place. A stream
// whose own person departs ends there: what was queued behind it is dropped. In a gap departures go first, because what
// was posted before one may have been changed after it. A stream takes no notice of a departure that its replay already
// knew: its person was in the room afterwards. Departures of other nodes are looked for every second.
//
// Who departs for good deletes their account, and every line of theirs shows another name from then on. So all streams of the
// topic end in that place, and their pages are fetched again.
//
// # Other nodes
//
// Relay tells the other nodes what is published here, and publishes here what they tell: hints, which may be lost. It
// also tells which people have streams here. Hub.happen is where both ways meet.
//
// # Locks
//
// watcher.mu, then Hub.mu, then topic.mu, then Stream.mu, then writers.mu; each may be taken alone, never in another order, and none is
// held while anything waits, reads the database or writes to a reader. Rendering happens where the bytes are written,
// once per kind of reader (frame).
package live
