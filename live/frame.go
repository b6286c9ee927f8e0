package live

import (
	"sync"

	"charla/chat"
)

// frame is one event that many streams send; they share one copy. Each encoder renders the frame once, when it is first
// written to a reader who uses that encoder. At most one of the first six fields is set. If none is set, the frame is a
// heartbeat.
type frame struct {
	change         chat.RoomChange
	presence       *Presence
	typing         *Typing
	uploadProgress *chat.UploadProgress
	attachment     *chat.AttachmentChanged
	private        []byte // bytes for a single reader, for instance unread counts

	seq            int64 // the seq of the change in its room, or 0 for a frame that is not a change
	cursor         int64 // the cursor with which a reader of this frame reconnects, or 0 if it does not change
	leftUser       int64 // the user who left the room and may see nothing after this frame, or 0
	accountDeleted bool  // leftUser left because the account was deleted

	mu        sync.Mutex // guards encodings
	encodings []encodedFrame
}

type encodedFrame struct {
	encoder Encoder
	bytes   []byte
}

// newChangeFrame returns a frame that sends a change. A reader of the frame reconnects with the given cursor; 0 leaves
// its cursor unchanged.
func newChangeFrame(e chat.RoomChange, cursor int64) *frame {
	_, seq := e.Position()
	f := &frame{change: e, seq: seq, cursor: cursor}
	if left, ok := e.(chat.MemberLeft); ok {
		f.leftUser, f.accountDeleted = left.User, left.AccountDeleted
	}
	return f
}

// encode returns the frame rendered by enc, and keeps the bytes for other readers. They are kept in a slice, because
// there are few encoders and a slice is then faster than a map.
func (f *frame) encode(enc Encoder) []byte {
	if f.private != nil {
		return f.private
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.encodings {
		if e.encoder == enc {
			return e.bytes
		}
	}
	b := f.render(enc)
	f.encodings = append(f.encodings, encodedFrame{enc, b})
	return b
}

func (f *frame) render(enc Encoder) []byte {
	switch {
	case f.presence != nil:
		return enc.Presence(*f.presence)
	case f.typing != nil:
		return enc.Typing(*f.typing)
	case f.uploadProgress != nil:
		return enc.UploadProgress(*f.uploadProgress)
	case f.attachment != nil:
		return enc.Attachment(*f.attachment)
	case f.change != nil:
		return enc.Change(f.change, f.cursor)
	default:
		return enc.Heartbeat()
	}
}
