package live

import (
	"sync"

	"charla/chat"
)

// frame is something to tell many readers. It is rendered when the first reader of a kind writes it, and the bytes are
// shared by the others.
type frame struct {
	change   chat.Change      // or
	presence *Presence        // or
	typing   *Typing          // or
	upload   *chat.Uploading  // or
	box      *chat.BoxChanged // or
	raw      []byte           // what one reader alone is told, or nil: a sign of life
	seq      int64            // the number of the change in its room; 0 for state, which has none
	id       int64            // the cursor that a reader has reached with it, or 0
	leaver   int64            // who may see nothing after it, or 0
	forGood  bool             // they deleted their account: no page shows what it should any more

	mu       sync.Mutex // guards rendered
	rendered []rendered
}

type rendered struct {
	enc   Encoder
	bytes []byte
}

// changeFrame is the frame of a change.
func changeFrame(e chat.Change, id int64) *frame {
	_, seq := e.At()
	f := &frame{change: e, seq: seq, id: id}
	if left, ok := e.(chat.MemberLeft); ok {
		f.leaver, f.forGood = left.User, left.ForGood
	}
	return f
}

// bytes returns the frame as enc writes it. There are a handful of encoders, so a list beats a map.
func (f *frame) bytes(enc Encoder) []byte {
	if f.raw != nil {
		return f.raw
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rendered {
		if r.enc == enc {
			return r.bytes
		}
	}
	r := rendered{enc: enc}
	switch {
	case f.presence != nil:
		r.bytes = enc.Presence(*f.presence)
	case f.typing != nil:
		r.bytes = enc.Typing(*f.typing)
	case f.upload != nil:
		r.bytes = enc.Uploading(*f.upload)
	case f.box != nil:
		r.bytes = enc.Box(*f.box)
	case f.change != nil:
		r.bytes = enc.Change(f.change, f.id)
	default:
		r.bytes = enc.Beat()
	}
	f.rendered = append(f.rendered, r)
	return r.bytes
}
