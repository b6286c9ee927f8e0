package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// uploads are the files that were acknowledged, by their ids.
func (h history) uploads() map[int64]op {
	all := map[int64]op{}
	for _, o := range h.all(doUpload) {
		if o.Outcome == ok {
			all[o.ID] = o
		}
	}
	return all
}

// sending are the posts that may have sent each file, by its id, in the order in which they were made.
func (h history) sending() map[int64][]op {
	all := map[int64][]op{}
	for _, o := range h.all(doPost) {
		for id := range strings.FieldsSeq(o.Files) {
			if o.Outcome != refused {
				all[integer(id)] = append(all[integer(id)], o)
			}
		}
	}
	return all
}

// filesAsSent: what comes are the bytes that were uploaded; what is stored was uploaded whole; an uploaded file can be sent;
// and the last look at each node finds every file of a message.
func filesAsSent(h history, c content) (found []violation) {
	uploads, whole := h.uploads(), map[string]bool{}
	for _, o := range h.all(doUpload) {
		whole[fmt.Sprint(o.Size, o.Sum)] = true // also without an answer
	}
	for _, stored := range c.Contents {
		if !whole[fmt.Sprint(stored.Size, stored.Hash)] {
			found = append(found, broken([]fmt.Stringer{stored}, "nobody sent content %d", stored.ID))
		}
	}
	for _, o := range h.all(doPost) {
		if o.Files != "" && strings.HasPrefix(o.Why, "422") {
			found = append(found, broken([]fmt.Stringer{o}, "files %s were acknowledged and cannot be sent", o.Files))
		}
	}
	last := map[string]map[int64]op{} // fetches, by node and file
	for _, o := range h.all(doFetch) {
		if up := uploads[o.ID]; o.Outcome == ok && (o.Size != up.Size || o.Sum != up.Sum) {
			found = append(found, broken([]fmt.Stringer{up, o}, "file %d comes otherwise than it was sent", o.ID))
		}
		if last[o.Node] == nil {
			last[o.Node] = map[int64]op{}
		}
		if o.Start.After(last[o.Node][o.ID].Start) {
			last[o.Node][o.ID] = o
		}
	}
	for _, f := range c.Files {
		for _, node := range slices.Sorted(maps.Keys(last)) {
			if o := last[node][f.ID]; f.Message != 0 && o.Outcome != ok {
				found = append(found, broken([]fmt.Stringer{f, uploads[f.ID], o}, "node %s does not give file %d", node, f.ID))
			}
		}
	}
	return found
}

// objectsMatch: every content has an object, and after the sweep every content has a file and every object a content.
func objectsMatch(_ history, c content) (found []violation) {
	files, objects := map[int64]bool{}, map[string]bool{}
	for _, f := range c.Files {
		files[f.Content] = true
	}
	for _, name := range c.Objects {
		objects[name] = true
	}
	for _, stored := range c.Contents {
		if !objects[stored.Object] {
			found = append(found, broken([]fmt.Stringer{stored}, "content %d has no object", stored.ID))
		}
		if !files[stored.ID] {
			found = append(found, broken([]fmt.Stringer{stored}, "content %d has no file and is still there", stored.ID))
		}
		delete(objects, stored.Object)
	}
	for name := range objects {
		found = append(found, broken(nil, "object %s has no content and is still there", name))
	}
	return found
}

// filesSecret: a file that waits is its owner's alone; one that was sent is for who is in the room; after a deletion it is
// nobody's.
func filesSecret(h history, c content) (found []violation) {
	uploads, sending := h.uploads(), h.sending()
	posted, deleted := map[int64]op{}, map[int64]op{} // by file, and by message
	for file, ops := range sending {
		if i := slices.IndexFunc(ops, func(o op) bool { return o.Outcome == ok }); i >= 0 {
			posted[file] = ops[i]
		}
	}
	for _, o := range h.all(doDelete) {
		if first := deleted[o.ID]; o.Outcome == ok && (first.End.IsZero() || o.End.Before(first.End)) {
			deleted[o.ID] = o
		}
	}
	doors := h.doors(c)
	for _, o := range h.all(doFetch) {
		sent, isSent := posted[o.ID]
		gone, isGone := deleted[sent.ID]
		switch {
		case o.Outcome != ok:
		case isSent && isGone && gone.End.Before(o.Start):
			found = append(found, broken([]fmt.Stringer{sent, gone, o}, "file %d was deleted and is given", o.ID))
		case o.Who == uploads[o.ID].Who && (!isSent || sent.End.After(o.Start)): // it may still wait
		case len(sending[o.ID]) == 0 || sending[o.ID][0].Start.After(o.End):
			found = append(found, broken([]fmt.Stringer{uploads[o.ID], o}, "file %d waits for its owner and is given to another", o.ID))
		case isSent && !doors.open(o.Who, sent.Room, o.Start, o.End):
			found = append(found, broken([]fmt.Stringer{sent, o}, "file %d of room %d is given to %d, who is not in it", o.ID, sent.Room, o.Who))
		}
	}
	return found
}

// doors know who may have been in which room.
type doors struct {
	members map[[2]int64]bool // in the end: room, person
	admits  map[[2]int64][]op
	departs map[[2]int64][]op // acknowledged
}

func (h history) doors(c content) doors {
	d := doors{map[[2]int64]bool{}, map[[2]int64][]op{}, map[[2]int64][]op{}}
	for _, m := range c.Members {
		d.members[[2]int64{m.Room, m.User}] = true
	}
	for _, o := range h.Ops {
		switch who := [2]int64{o.Room, o.Whom}; {
		case o.Kind == doAdmit && o.Outcome != refused:
			d.admits[who] = append(d.admits[who], o)
		case o.Kind == doDepart && o.Outcome == ok:
			d.departs[who] = append(d.departs[who], o)
		}
	}
	return d
}

// open tells whether somebody may have been in a room at some moment of a time.
func (d doors) open(who, room int64, from, until time.Time) bool {
	key := [2]int64{room, who}
	admitted := slices.ContainsFunc(d.admits[key], func(o op) bool { return o.Start.Before(until) })
	if !admitted && (len(d.admits[key]) > 0 || !d.members[key]) {
		return false
	}
	return !slices.ContainsFunc(d.departs[key], func(o op) bool {
		back, returned := comesBack(o, d.admits[key])
		return o.End.Before(from) && (!returned || back.After(until))
	})
}
