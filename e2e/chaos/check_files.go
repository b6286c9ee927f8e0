package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// uploads returns the uploads that a response acknowledged, by file id.
func (h history) uploads() map[int64]op {
	all := map[int64]op{}
	for _, o := range h.opsOf(doUpload) {
		if o.Outcome == succeeded {
			all[o.ID] = o
		}
	}
	return all
}

// postsByFile returns, for each file id, the posts that may have sent the file with a message, in the order in which
// they were made.
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

// filesAsSent requires four things: a downloaded file has the bytes that were uploaded; every stored blob (content of a
// file) was uploaded completely; an uploaded file can be sent with a message; in the end every node returns every file
// of a message.
func filesAsSent(h history, db databaseState) (found []violation) {
	uploads, complete := h.uploads(), map[string]bool{}
	for _, o := range h.opsOf(doUpload) {
		complete[fmt.Sprint(o.Size, o.Hash)] = true // even without a response
	}
	for _, stored := range db.Blobs {
		if !complete[fmt.Sprint(stored.Size, stored.Hash)] {
			found = append(found, newViolation([]fmt.Stringer{stored}, "nobody uploaded blob %d", stored.ID))
		}
	}
	for _, o := range h.opsOf(doPost) {
		if o.Files != "" && strings.HasPrefix(o.Reason, "422") {
			found = append(found, newViolation([]fmt.Stringer{o}, "files %s were acknowledged and cannot be sent",
				o.Files))
		}
	}
	last := map[string]map[int64]op{} // fetches, by node and file
	for _, o := range h.opsOf(doFetch) {
		if up := uploads[o.ID]; o.Outcome == succeeded && (o.Size != up.Size || o.Hash != up.Hash) {
			found = append(found, newViolation([]fmt.Stringer{up, o}, "file %d is not served as it was uploaded", o.ID))
		}
		if last[o.Node] == nil {
			last[o.Node] = map[int64]op{}
		}
		if o.Start.After(last[o.Node][o.ID].Start) {
			last[o.Node][o.ID] = o
		}
	}
	for _, f := range db.Files {
		for _, node := range slices.Sorted(maps.Keys(last)) {
			if o := last[node][f.ID]; f.Message != 0 && o.Outcome != succeeded {
				found = append(found, newViolation([]fmt.Stringer{f, uploads[f.ID], o},
					"node %s does not serve file %d", node, f.ID))
			}
		}
	}
	return found
}

// objectsMatch requires two things: every blob (stored content) belongs to a file and has an object in the file
// storage, and every object belongs to a blob. It must see the database state after garbage collection.
func objectsMatch(_ history, db databaseState) (found []violation) {
	files, objects := map[int64]bool{}, map[string]bool{}
	for _, f := range db.Files {
		files[f.Blob] = true
	}
	for _, name := range db.Objects {
		objects[name] = true
	}
	for _, stored := range db.Blobs {
		if !objects[stored.Object] {
			found = append(found, newViolation([]fmt.Stringer{stored}, "blob %d has no object", stored.ID))
		}
		if !files[stored.ID] {
			found = append(found, newViolation([]fmt.Stringer{stored}, "blob %d has no file and still exists",
				stored.ID))
		}
		delete(objects, stored.Object)
	}
	for name := range objects {
		found = append(found, newViolation(nil, "object %s has no blob and still exists", name))
	}
	return found
}

// filesPrivate requires that only users who may see a file can download it. Before the file is sent, that is only its
// owner; then only members of the room; after its message was deleted, nobody.
func filesPrivate(h history, db databaseState) (found []violation) {
	uploads, posts := h.uploads(), h.postsByFile()
	posted, deleted := map[int64]op{}, map[int64]op{} // by file, and by message
	for file, ops := range posts {
		if i := slices.IndexFunc(ops, func(o op) bool { return o.Outcome == succeeded }); i >= 0 {
			posted[file] = ops[i]
		}
	}
	for _, o := range h.opsOf(doDelete) {
		if first := deleted[o.ID]; o.Outcome == succeeded && (first.End.IsZero() || o.End.Before(first.End)) {
			deleted[o.ID] = o
		}
	}
	members := h.membershipLog(db)
	for _, o := range h.opsOf(doFetch) {
		sent, isSent := posted[o.ID]
		gone, isGone := deleted[sent.ID]
		switch {
		case o.Outcome != succeeded:
		case isSent && isGone && gone.End.Before(o.Start):
			found = append(found, newViolation([]fmt.Stringer{sent, gone, o}, "file %d was deleted and is served",
				o.ID))
		case o.By == uploads[o.ID].By && (!isSent || sent.End.After(o.Start)): // it may not be sent yet
		case len(posts[o.ID]) == 0 || posts[o.ID][0].Start.After(o.End):
			found = append(found, newViolation([]fmt.Stringer{uploads[o.ID], o},
				"file %d is not sent yet and is served to somebody else", o.ID))
		case isSent && !members.mayHaveBeenMember(o.By, sent.Room, o.Start, o.End):
			found = append(found, newViolation([]fmt.Stringer{sent, o},
				"file %d of room %d is served to %d, who is not a member", o.ID, sent.Room, o.By))
		}
	}
	return found
}
