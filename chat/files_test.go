package chat_test

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"charla/chat"
)

func (w fixture) upload(t *testing.T, by chat.User, p chat.ConversationRef, name, data string) chat.File {
	t.Helper()
	f, err := w.Upload(t.Context(), by, chat.NewUpload{Conversation: p, Name: name, Body: strings.NewReader(data)})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// objects counts the objects in the blob store.
func (w fixture) objects(t *testing.T) (n int) {
	t.Helper()
	for _, err := range w.blobs.Objects(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// postFiles posts a message with files.
func (w fixture) postFiles(
	by chat.User, p chat.ConversationRef, key, body string, files ...int64,
) (chat.PostResult, error) {
	return w.PostMessage(context.Background(), by, chat.NewMessage{Conversation: p, Key: key, Body: body, Files: files})
}

var general = chat.ConversationRef{Room: chat.General}

// interruptedReader calls onFirstRead when it is first read.
type interruptedReader struct {
	onFirstRead func()
	rest        io.Reader
}

func (m *interruptedReader) Read(p []byte) (int, error) {
	if m.onFirstRead != nil {
		m.onFirstRead()
		m.onFirstRead = nil
	}
	return m.rest.Read(p)
}

// TestUploadByDisabledUser checks that a user who is disabled or deletes their account during an upload, which may take
// minutes, has no file afterwards.
func TestUploadByDisabledUser(t *testing.T) {
	for what, leave := range map[string]func(w fixture, admin, ana chat.User) error{
		"disabled": func(w fixture, admin, ana chat.User) error { return w.DisableUser(t.Context(), admin, ana.ID) },
		"deleted": func(w fixture, _, ana chat.User) error {
			return w.DeleteAccount(t.Context(), ana, "tortilla-y-pan", chat.KeepMessages)
		},
	} {
		w := newFixture(t)
		admin := w.addUser(t, "Admin")
		ana, err := w.Register(
			t.Context(), chat.Registration{Name: "Ana", Email: "ana@example.org", Password: "tortilla-y-pan"},
		)
		must(t, err)
		body := &interruptedReader{func() { must(t, leave(w, admin, ana)) }, strings.NewReader(
			"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" +
				"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00;",
		)}
		_, err = w.SetAvatar(t.Context(), ana, chat.NewUpload{Name: "me.gif", Body: body})
		wantCode(t, what, err, chat.Unauthenticated)
		user, err := w.store.User(t.Context(), ana.ID)
		must(t, err)
		wantEqual(t, what+": avatar", user.Avatar, 0)
		wantEqual(t, what+": objects", w.objects(t), 0)
	}
}

func TestPostWithFiles(t *testing.T) {
	w := newFixture(t)
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	a, b := w.upload(t, ana, general, "a.txt", "one"), w.upload(t, ana, general, "b.txt", "two")
	_, err := w.postFiles(ben, general, "k", "", a.ID)
	wantCode(t, "a file of another user", err, chat.Invalid)
	_, err = w.postFiles(ana, general, "k", "", a.ID, 999)
	wantCode(t, "a file that does not exist", err, chat.Invalid)
	_, err = w.postFiles(ana, chat.ConversationRef{Room: 999}, "k", "", a.ID)
	wantCode(t, "a room that does not exist", err, chat.NotFound)
	posted, err := w.postFiles(ana, general, "k", "", b.ID, a.ID)
	if err != nil || fmt.Sprint(posted.Message.Files) != fmt.Sprint([]chat.File{b, a}) {
		t.Fatalf("posted %+v, %v", posted, err)
	}
	if event, ok := w.recorder.last().(chat.MessagePosted); !ok || !reflect.DeepEqual(event.Message, posted.Message) {
		t.Errorf("published %+v", w.recorder.last())
	}
	if read, err := w.Message(t.Context(), ben, posted.Message.ID); err != nil ||
		!reflect.DeepEqual(read, posted.Message) {
		t.Errorf("read %+v, %v; posted %+v", read, err, posted.Message)
	}
	again, err := w.postFiles(ana, general, "k", "", b.ID, a.ID)
	if err != nil || again.Created || !reflect.DeepEqual(again.Message, posted.Message) {
		t.Errorf("retry: %+v, %v", again, err)
	}
	for _, other := range [][]int64{{a.ID, b.ID}, {b.ID}, {}} {
		_, err = w.postFiles(ana, general, "k", "text", other...)
		wantCode(t, fmt.Sprint("the same key with ", other), err, chat.Conflict)
	}
	_, err = w.postFiles(ana, general, "k2", "", a.ID)
	wantCode(t, "a file that was sent", err, chat.Invalid)
	if _, err := w.postFiles(ana, general, "k3", " \n"); chat.CodeOf(err) != chat.Invalid {
		t.Errorf("a message without text and files: %v", err)
	}
}

func TestRemovingTheTextOfAMessageWithFiles(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	f := w.upload(t, ana, general, "a.txt", "one")
	posted, err := w.postFiles(ana, general, "k", "text", f.ID)
	if err != nil {
		t.Fatal(err)
	}
	changed, err := w.EditMessage(t.Context(), ana, posted.Message.ID, chat.MessageEdit{Text: ""})
	if err != nil || changed.Message.Body != "" || !reflect.DeepEqual(changed.Message.Files, posted.Message.Files) {
		t.Fatalf("edited: %+v, %v", changed, err)
	}
	plain := w.post(t, ana, general, "text")
	_, err = w.EditMessage(t.Context(), ana, plain.ID, chat.MessageEdit{Text: ""})
	wantCode(t, "removing the text of a message without files", err, chat.Invalid)
}

func TestSameBytesAreStoredOnce(t *testing.T) {
	w := newFixture(t)
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	var files []chat.File
	for i, by := range []chat.User{ana, ben, ana} {
		files = append(files, w.upload(t, by, general, fmt.Sprint(i), "the same"))
	}
	first, err := w.postFiles(ana, general, "", "", files[0].ID)
	if err != nil || w.objects(t) != 1 {
		t.Fatalf("%d objects, %v", w.objects(t), err)
	}
	second, err := w.postFiles(ben, general, "", "", files[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.DeleteMessage(t.Context(), ana, first.Message.ID); err != nil {
		t.Fatal(err)
	}
	_, err = w.File(t.Context(), ana, files[0].ID)
	wantCode(t, "a file of a deleted message", err, chat.NotFound)
	if _, err := w.DeleteFile(t.Context(), ana, files[2].ID); err != nil {
		t.Fatal(err)
	}
	f, err := w.File(t.Context(), ana, files[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := w.OpenFile(t.Context(), f, chat.VariantOriginal)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if data, err := io.ReadAll(opened); err != nil || string(data) != "the same" {
		t.Errorf("read %q, %v", data, err)
	}
	if _, err := w.DeleteMessage(t.Context(), ben, second.Message.ID); err != nil || w.objects(t) != 0 {
		t.Errorf("%d objects left, error %v", w.objects(t), err)
	}
}

func TestFileLimits(t *testing.T) {
	w := newFixture(t).with(func(o *chat.Options) {
		o.FileLimits = chat.FileLimits{FileBytes: 1 << 20, FilesPerMessage: 2, QuotaBytes: 1 << 20}
	})
	ana := w.addUser(t, "Ana")
	try := func(p chat.ConversationRef, size int) error {
		_, err := w.Upload(
			t.Context(), ana,
			chat.NewUpload{Conversation: p, Name: "x", Body: strings.NewReader(strings.Repeat("x", size))},
		)
		return err
	}
	wantCode(t, "a file that is too large", try(general, 1<<20+1), chat.TooLarge)
	wantCode(t, "a conversation of others", try(chat.ConversationRef{Room: 99}, 1), chat.NotFound)
	a, b := w.upload(t, ana, general, "a", "a"), w.upload(t, ana, general, "b", "b")
	wantCode(t, "a third pending file", try(general, 1), chat.Invalid)
	c := w.upload(t, ana, chat.ConversationRef{With: ana.ID}, "c", "c")
	_, err := w.postFiles(ana, general, "k", "", a.ID, b.ID, c.ID)
	wantCode(t, "a message with three files", err, chat.Invalid)
	if _, err := w.postFiles(ana, general, "k", "", a.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "a file beyond the quota", try(general, 1<<20-1), chat.Invalid)
	if n := w.objects(t); n != 3 {
		t.Errorf("%d objects: the object of a refused file was not deleted", n)
	}
	if err := try(general, 1<<20-3); err != nil {
		t.Errorf("a file that just fits into the quota: %v", err)
	}
	long := chat.NewUpload{Name: "x", Alt: strings.Repeat("x", chat.MaxAlt+1), Body: strings.NewReader("x")}
	_, err = w.Upload(t.Context(), ana, long)
	wantCode(t, "an alternative text that is too long", err, chat.Invalid)
}

func TestStalePendingFilesAreDeleted(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	now := time.Now()
	w.SetClock(func() time.Time { return now })
	sent := w.upload(t, ana, general, "sent", "sent")
	if _, err := w.postFiles(ana, general, "k", "", sent.ID); err != nil {
		t.Fatal(err)
	}
	face, err := w.SetAvatar(t.Context(), ana, chat.NewUpload{Name: "me.png", Body: strings.NewReader(smallPNG)})
	if err != nil {
		t.Fatal(err)
	}
	pending := w.upload(t, ana, general, "pending", "pending")
	collectAfter := func(after time.Duration, objects int) {
		t.Helper()
		now = now.Add(after)
		if err := w.CollectBlobGarbage(t.Context()); err != nil || w.objects(t) != objects {
			t.Fatalf("after %v %d objects, %v", after, w.objects(t), err)
		}
	}
	collectAfter(23*time.Hour, 3)
	collectAfter(2*time.Hour, 2)
	_, err = w.File(t.Context(), ana, pending.ID)
	wantCode(t, "a pending file older than a day", err, chat.NotFound)
	for _, kept := range []chat.File{sent, face} {
		if _, err := w.File(t.Context(), ana, kept.ID); err != nil {
			t.Errorf("%s: %v", kept.Name, err)
		}
	}
}

func TestUnreferencedObjectsAreDeleted(t *testing.T) {
	w := newFixture(t)
	incoming, err := w.blobs.Receive(t.Context(), strings.NewReader("lost"), 100)
	if err != nil {
		t.Fatal(err)
	}
	defer incoming.Abort()
	if _, err := incoming.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.CollectBlobGarbage(t.Context()); err != nil || w.objects(t) != 1 {
		t.Fatalf("%d objects left of one new object, error %v", w.objects(t), err)
	}
	w.SetClock(func() time.Time { return time.Now().Add(8 * 24 * time.Hour) })
	if err := w.CollectBlobGarbage(t.Context()); err != nil || w.objects(t) != 0 {
		t.Errorf("%d objects left of one old object, error %v", w.objects(t), err)
	}
}

// blobLosingStore calls onFound between finding a blob by its hash and returning it, so that a test can delete it.
type blobLosingStore struct {
	chat.Store
	onFound func()
}

func (f *blobLosingStore) BlobByHash(ctx context.Context, hash string) (int64, chat.Blob, error) {
	id, c, err := f.Store.BlobByHash(ctx, hash)
	if err == nil && f.onFound != nil {
		f.onFound()
		f.onFound = nil
	}
	return id, c, err
}

func TestBlobDeletedDuringUpload(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	store := &blobLosingStore{Store: w.store}
	again := w.with(func(o *chat.Options) { o.Store = store })
	f := again.upload(t, ana, general, "a", "the bytes")
	store.onFound = func() {
		if _, err := w.DeleteFile(t.Context(), ana, f.ID); err != nil {
			t.Error(err)
		}
	}
	f = again.upload(t, ana, general, "b", "the bytes")
	stored, err := w.File(t.Context(), ana, f.ID)
	if err != nil || store.onFound != nil {
		t.Fatalf("error %v; blob was deleted during the upload: %v", err, store.onFound == nil)
	}
	opened, err := w.OpenFile(t.Context(), stored, chat.VariantOriginal)
	if err != nil {
		t.Fatal(err)
	}
	opened.Close()
}

// unavailableBlobStore is a blob store that cannot store or delete anything.
type unavailableBlobStore struct{ chat.BlobStore }

type unavailableIncoming struct{ chat.IncomingBlob }

func (a unavailableBlobStore) Receive(ctx context.Context, r io.Reader, limit int64) (chat.IncomingBlob, error) {
	in, err := a.BlobStore.Receive(ctx, r, limit)
	return unavailableIncoming{in}, err
}

var errStorageDown = chat.StorageUnavailable(io.ErrUnexpectedEOF)

func (unavailableIncoming) Commit(context.Context) (chat.Blob, error) {
	return chat.Blob{}, errStorageDown
}
func (unavailableBlobStore) Delete(context.Context, string) error { return errStorageDown }
func (unavailableBlobStore) Objects(context.Context) iter.Seq2[chat.StoredObject, error] {
	return func(yield func(chat.StoredObject, error) bool) { yield(chat.StoredObject{}, errStorageDown) }
}

func TestUnavailableBlobStore(t *testing.T) {
	w := newFixture(t)
	ana := w.addUser(t, "Ana")
	f := w.upload(t, ana, general, "a", "stored before")
	posted, err := w.postFiles(ana, general, "k", "", f.ID)
	if err != nil {
		t.Fatal(err)
	}
	down := w.with(func(o *chat.Options) { o.Blobs = unavailableBlobStore{w.blobs} })
	_, err = down.Upload(
		t.Context(), ana, chat.NewUpload{Conversation: general, Name: "b", Body: strings.NewReader("never stored")},
	)
	wantCode(t, "uploading", err, chat.Unavailable)
	if used, err := w.store.Usage(t.Context(), ana.ID, general); err != nil || used.Pending != 0 {
		t.Errorf("row without an object: %+v, %v", used, err)
	}
	if _, err := down.DeleteMessage(t.Context(), ana, posted.Message.ID); err != nil {
		t.Errorf("deleting a message: %v", err)
	}
	wantCode(t, "collecting garbage", down.CollectBlobGarbage(t.Context()), chat.Unavailable)
	w.SetClock(func() time.Time { return time.Now().Add(8 * 24 * time.Hour) })
	if err := w.CollectBlobGarbage(t.Context()); err != nil || w.objects(t) != 0 {
		t.Errorf("%d objects after recovery, error %v", w.objects(t), err)
	}
}

func TestAvatars(t *testing.T) {
	w := newFixture(t)
	ana, ben := w.addUser(t, "Ana"), w.addUser(t, "Ben")
	_, err := w.SetAvatar(t.Context(), ana, chat.NewUpload{Name: "me.txt", Body: strings.NewReader("not a picture")})
	wantCode(t, "text", err, chat.Invalid)
	first, err := w.SetAvatar(t.Context(), ana, chat.NewUpload{Name: "me.png", Body: strings.NewReader(smallPNG)})
	if err != nil {
		t.Fatal(err)
	}
	ana.Avatar = first.ID
	m := w.post(t, ana, general, "it is me")
	if read, err := w.Message(t.Context(), ben, m.ID); err != nil || !reflect.DeepEqual(read, m) ||
		m.AuthorAvatar != first.ID {
		t.Errorf("read %+v, %v", read, err)
	}
	people, _, err := w.FindUsers(t.Context(), ben, "ana", 0, 9)
	if err != nil || !slices.Equal(people, []chat.UserSummary{ana.Summary()}) {
		t.Errorf("found %+v, %v", people, err)
	}
	seen, err := w.File(t.Context(), ben, first.ID)
	if err != nil || !seen.IsAvatar || !seen.HasVariant(chat.VariantSquare) {
		t.Errorf("file read by another user: %+v, %v", seen, err)
	}
	_, err = w.postFiles(ana, general, "k", "", first.ID)
	wantCode(t, "posting the avatar", err, chat.Invalid)
	_, err = w.DeleteFile(t.Context(), ana, first.ID)
	wantCode(t, "deleting the avatar as a pending file", err, chat.NotFound)
	if err := w.RemoveAvatar(t.Context(), ana); err != nil || w.objects(t) != 0 {
		t.Errorf("%d objects after removing the avatar, error %v", w.objects(t), err)
	}
	_, err = w.File(t.Context(), ana, first.ID)
	wantCode(t, "the removed avatar", err, chat.NotFound)
}

// smallPNG is a small picture.
var smallPNG = func() string {
	var b strings.Builder
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 3))); err != nil {
		panic(err)
	}
	return b.String()
}()

func TestCleanFileName(t *testing.T) {
	for in, want := range map[string]string{
		"notes.txt": "notes.txt", "../../etc/passwd": "passwd", `C:\Users\Ana\photo.jpg`: "photo.jpg", "": "file",
		"..": "file", "/": "file", " . ": "file",
		"a\x00b\r\nc.txt": "ab c.txt", "photo\u202egnp.exe": "photognp.exe",
		"zero\u200bwidth\ufeff.txt": "zerowidth.txt", "  two   spaces .txt": "two spaces .txt",
		"año.pdf": "año.pdf", "an\u0303o.pdf": "año.pdf", "\xff\xfe.txt": ".txt", `quo"te;.txt`: `quo"te;.txt`,
		"tab\there":                              "tab here",
		strings.Repeat("x", 300) + ".tar.gz":     strings.Repeat("x", 252) + ".gz",
		strings.Repeat("é", 200):                 strings.Repeat("é", 127),
		"z" + strings.Repeat("\u0301\u0323", 50): "ẓ\u0301", "می\u200Cخواهم.txt": "می\u200Cخواهم.txt",
	} {
		if got := chat.CleanFileName(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzCleanFileName(f *testing.F) {
	for _, seed := range []string{
		"a/b", `\`, "x\u0301\u0301\u0301.txt", strings.Repeat("日", 100) + ".txt", ". .", "a\u034fb",
		"\u1100\u1161.\u0301",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := chat.CleanFileName(s)
		if again := chat.CleanFileName(name); again != name {
			t.Errorf("%q became %q, then %q", s, name, again)
		}
		if name == "" || len(name) > 255 || !utf8.ValidString(name) ||
			strings.ContainsAny(name, "/\\\t\r\n\x00\u202e\u200b") || name != strings.TrimSpace(name) {
			t.Errorf("%q became %q", s, name)
		}
		alt, err := chat.CleanAlt(s)
		if again, _ := chat.CleanAlt(alt); err == nil &&
			(again != alt || strings.ContainsAny(alt, "\t\r\n\x00\u202e")) {
			t.Errorf("the description %q became %q, then %q", s, alt, again)
		}
	})
}
