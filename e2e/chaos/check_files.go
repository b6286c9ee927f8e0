package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// uploads are the files that were acknowledged, by their ids.
func (h history) uploads() map[int64]op {
	all := map[int64]op{}
	for _, o := range h.opsOf(doUpload) {
		if o.Outcome == succeeded {
			all[o.ID] = o
		}
	}
	return all
}

// postsByFile are the posts that may have sent each file, by its id, in the order in which they were made.
func (h history) postsByFile() map[int64][]op {
	all := map[int64][]op{}
	for _, o := range h.opsOf(doPost) {
		for id := range strings.FieldsSeq(o.Files) {
			if o.Outcome != refused {
				all[parseInt64(id)] = append(all[parseInt64(id)], o)
			}
		}
	}
	return all
}

// filesAsSent: what comes are the bytes that were uploaded; what is stored was uploaded whole; an uploaded file can be sent;
// and the last look at each node finds every file of a message.
func filesAsSent(h history, c databaseState) (found []violation) {
	uploads, whole := h.uploads(), map[string]bool{}
	for _, o := range h.opsOf(doUpload) {
		whole[fmt.Sprint(o.Size, o.Hash)] = true // also without an answer
	}
	for _, stored := range c.Blobs {
		if !whole[fmt.Sprint(stored.Size, stored.Hash)] {
			found = append(found, newViolation([]fmt.Stringer{stored}, "nobody sent content %d", stored.ID))
		}
	}
	for _, o := range h.opsOf(doPost) {
		if o.Files != "" && strings.HasPrefix(o.Reason, "422") {
			found = append(found, newViolation([]fmt.Stringer{o}, "files %s were acknowledged and cannot be sent", o.Files))
		}
	}
	last := map[string]map[int64]op{} // fetches, by node and file
	for _, o := range h.opsOf(doFetch) {
		if up := uploads[o.ID]; o.Outcome == succeeded && (o.Size != up.Size || o.Hash != up.Hash) {
			found = append(found, newViolation([]fmt.Stringer{up, o}, "file %d comes otherwise than it was sent", o.ID))
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
			if o := last[node][f.ID]; f.Message != 0 && o.Outcome != succeeded {
				found = append(found, newViolation([]fmt.Stringer{f, uploads[f.ID], o}, "node %s does not give file %d", node, f.ID))
			}
		}
	}
	return found
}

// objectsMatch: every content has an object, and after the sweep every content has a file and every object a content.
func objectsMatch(_ history, c databaseState) (found []violation) {
	files, objects := map[int64]bool{}, map[string]bool{}
	for _, f := range c.Files {
		files[f.Blob] = true
	}
	for _, name := range c.Objects {
		objects[name] = true
	}
	for _, stored := range c.Blobs {
		if !objects[stored.Object] {
			found = append(found, newViolation([]fmt.Stringer{stored}, "content %d has no object", stored.ID))
		}
		if !files[stored.ID] {
			found = append(found, newViolation([]fmt.Stringer{stored}, "content %d has no file and is still there", stored.ID))
		}
		delete(objects, stored.Object)
	}
	for name := range objects {
		found = append(found, newViolation(nil, "object %s has no content and is still there", name))
	}
	return found
}

// filesPrivate: a file that waits is its owner's alone; one that was sent is for who is in the room; after a deletion it is
// nobody's.
func filesPrivate(h history, c databaseState) (found []violation) {
	uploads, sending := h.uploads(), h.postsByFile()
	posted, deleted := map[int64]op{}, map[int64]op{} // by file, and by message
	for file, ops := range sending {
		if i := slices.IndexFunc(ops, func(o op) bool { return o.Outcome == succeeded }); i >= 0 {
			posted[file] = ops[i]
		}
	}
	for _, o := range h.opsOf(doDelete) {
		if first := deleted[o.ID]; o.Outcome == succeeded && (first.End.IsZero() || o.End.Before(first.End)) {
			deleted[o.ID] = o
		}
	}
	doors := h.membershipLog(c)
	for _, o := range h.opsOf(doFetch) {
		sent, isSent := posted[o.ID]
		gone, isGone := deleted[sent.ID]
		switch {
		case o.Outcome != succeeded:
		case isSent && isGone && gone.End.Before(o.Start):
			found = append(found, newViolation([]fmt.Stringer{sent, gone, o}, "file %d was deleted and is given", o.ID))
		case o.By == uploads[o.ID].By && (!isSent || sent.End.After(o.Start)): // it may still wait
		case len(sending[o.ID]) == 0 || sending[o.ID][0].Start.After(o.End):
			found = append(found, newViolation([]fmt.Stringer{uploads[o.ID], o}, "file %d waits for its owner and is given to another", o.ID))
		case isSent && !doors.mayHaveBeenMember(o.By, sent.Room, o.Start, o.End):
			found = append(found, newViolation([]fmt.Stringer{sent, o}, "file %d of room %d is given to %d, who is not in it", o.ID, sent.Room, o.By))
		}
	}
	return found
}
