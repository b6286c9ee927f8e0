// Package live delivers events to open pages. It keeps the open streams of this process, who is online, the order of
// the changes of each room, and a relay that connects the nodes of one community.
//
// # Life of a stream
//
// Subscribe adds a stream to its conversation. Then the caller reads the changes that the reader missed, and Run or
// StartHijacked writes them and everything that follows until one side ends the stream. A change that is committed
// before Subscribe is in the database, and a later one is in the queue of the stream. A change that is in both is
// recognized by its seq (its number in the room) and sent once.
//
// A stream without queued frames has no running writer. The first queued frame wakes the writer, which writes until the
// queue is empty, so that a stream never has two writers. Run writes on the goroutine of the HTTP request.
// Package live/internal/hijacked shares a few writers among the streams on hijacked connections.
//
// # Order of a room
//
// A conversation remembers the last seq that it sent. It sends the next one, ignores one that it already sent, and
// reads missing ones from the database. Changes that are published out of order, lost relay messages and posts on
// other nodes are all handled in this way.
//
// # Leaving a room
//
// A member who leaves is a change with a seq like any other, so that it has its place in the queue of every stream of
// the room. A stream of that member ends there, and the frames after it are dropped. When a gap is read from the
// database, the members who left come first, because a message before such a change may have been edited after it. A
// stream ignores changes that its replay already contains, because its user was a member afterwards. The hub polls for
// members who left on other nodes every second.
//
// A member who leaves because the account was deleted changes the name on old messages. All streams of the room end
// there, and their pages are loaded again.
//
// # Other nodes
//
// Relay sends what is published on this node to the other nodes, and publishes here what they send. Relay messages
// may be lost. The relay also announces which users have streams on this node. Hub.dispatch handles the events of all
// nodes.
//
// # Locks
//
// A goroutine that holds several locks takes them in this order: Stream.stateMu, the lock of the disconnect watcher of
// package hijacked, Hub.mu, conversation.mu, Stream.mu, the locks of hijacked.Pool and hijacked.Conn. Only stateMu is
// held while something waits, reads the database or writes to a reader. Frames are rendered by the writers, once for
// each encoder.
package live
