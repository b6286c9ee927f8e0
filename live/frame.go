package live

import (
	"sync"

	"charla/chat"
)

// frame is something to tell many readers. It is rendered when the first reader of a kind writes it, and the bytes are
// shared by the others.
type frame struct {
	change         chat.RoomChange         // or
	presence       *Presence               // or
	typing         *Typing                 // or
	uploadProgress *chat.UploadProgress    // or
	attachment     *chat.AttachmentChanged // or
	private        []byte                  // what one reader alone is told, or nil: a sign of life
	seq            int64                   // the number of the change in its room; 0 for state, which has none
	cursor         int64                   // the cursor that a reader has reached with it, or 0
	leftUser       int64                   // who may see nothing after it, or 0
	accountDeleted bool                    // they deleted their account: no page shows what it should any more

	mu        sync.Mutex // guards rendered
	encodings []encodedFrame
}

type encodedFrame struct {
	encoder Encoder
	bytes   []byte
}

// newChangeFrame is the frame of a change.
func newChangeFrame(e chat.RoomChange, id int64) *frame {
	_, seq := e.Position()
	f := &frame{change: e, seq: seq, cursor: id}
	if left, ok := e.(chat.MemberLeft); ok {
		f.leftUser, f.accountDeleted = left.User, left.AccountDeleted
	}
	return f
}

// encode returns the frame as enc writes it. There are a handful of encoders, so a list beats a map.
func (f *frame) encode(enc Encoder) []byte {
	if f.private != nil {
		return f.private
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.encodings {
		if r.encoder == enc {
			return r.bytes
		}
	}
	r := encodedFrame{encoder: enc}
	switch {
	case f.presence != nil:
		r.bytes = enc.Presence(*f.presence)
	case f.typing != nil:
		r.bytes = enc.Typing(*f.typing)
	case f.uploadProgress != nil:
		r.bytes = enc.UploadProgress(*f.uploadProgress)
	case f.attachment != nil:
		r.bytes = enc.Attachment(*f.attachment)
	case f.change != nil:
		r.bytes = enc.Change(f.change, f.cursor)
	default:
		r.bytes = enc.Heartbeat()
	}
	f.encodings = append(f.encodings, r)
	return r.bytes
}
