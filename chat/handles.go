package chat

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"charla/markdown"

	"golang.org/x/text/unicode/norm"
)

// HandleReader reads the handles of users.
type HandleReader interface {
	// UsersByHandle lists the enabled users who have one of these handles, given by their keys (see HandleKey).
	UsersByHandle(ctx context.Context, keys []string) ([]UserSummary, error)
	// TakenHandles returns those of the given keys that belong to another user than the given one.
	TakenHandles(ctx context.Context, user int64, keys []string) ([]string, error)
	// FreedHandles returns those of the given hashes of keys that another user than the given one has given up at or
	// after the time "since".
	FreedHandles(ctx context.Context, user int64, hashes []string, since Timestamp) ([]string, error)
	// UsersWithoutHandle lists at most limit users who have no handle, without deleted accounts.
	UsersWithoutHandle(ctx context.Context, limit int) ([]UserSummary, error)
}

// HandleWriter stores the handles of users.
type HandleWriter interface {
	// SetHandle gives a user a handle. It returns ErrNotFound if the account was deleted and ErrDuplicate if another
	// user has the handle.
	SetHandle(ctx context.Context, user int64, handle, key string) error
	// InsertFreedHandle records that a user gave up a handle.
	InsertFreedHandle(ctx context.Context, hash string, user int64, at Timestamp) error
	// PruneFreedHandles deletes the records of handles that were given up before the given time.
	PruneFreedHandles(ctx context.Context, before Timestamp) error
}

// The lengths of a handle in letters, digits, marks and signs.
const (
	minHandle = 2
	MaxHandle = 30
)

// freedHandleLifetime is how long a handle that somebody gave up is not given to somebody else.
const freedHandleLifetime = Timestamp(90 * 24 * time.Hour / time.Microsecond)

// reservedHandles are words that nobody can have as a handle: those that mention many people, and those that would look
// official.
var reservedHandles = map[string]bool{}

func init() {
	for _, word := range []string{
		"channel", "here", "all", "everyone", "admin", "system", "canal", "todos", "aquí",
	} {
		reservedHandles[HandleKey(word)] = true
	}
}

// lookAlikes maps Cyrillic and Greek letters to the Latin letters that look like them.
var lookAlikes = map[rune]rune{
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'ғ': 'f', 'һ': 'h', 'н': 'h', 'і': 'i', 'ї': 'i', 'ј': 'j',
	'к': 'k', 'ӏ': 'l', 'м': 'm', 'о': 'o', 'р': 'p', 'ԛ': 'q', 'г': 'r', 'ѕ': 's', 'т': 't', 'ѵ': 'v', 'ԝ': 'w',
	'х': 'x', 'у': 'y', 'ү': 'y', 'ь': 'b',
	'α': 'a', 'β': 'b', 'ϲ': 'c', 'ε': 'e', 'η': 'n', 'ι': 'i', 'ϳ': 'j', 'κ': 'k', 'μ': 'm', 'ν': 'v', 'ο': 'o',
	'ρ': 'p', 'σ': 'o', 'τ': 't', 'υ': 'u', 'χ': 'x', 'γ': 'y', 'ω': 'w', 'ζ': 'z',
}

// HandleKey returns the form in which handles are compared: without differences of case and width, without accents, and
// with Latin letters in place of the Cyrillic and Greek letters that look like them. Marks that are part of a script,
// such as vowel signs, stay.
func HandleKey(handle string) string {
	folded := foldCase(norm.NFKD.String(strings.ToValidUTF8(handle, "")))
	return strings.Map(func(r rune) rune {
		if unicode.Is(generalMarks, r) || isJoiner(r) {
			return -1
		}
		if latin, ok := lookAlikes[r]; ok {
			return latin
		}
		return r
	}, norm.NFKD.String(folded))
}

// CleanHandle returns a handle in lower case and normalized to Unicode NFKC, without white space around it and the sign
// @ before it. It returns Invalid for a handle that has the wrong length or other characters than letters, digits and
// the signs . _ -, that does not begin and end with a letter or digit, that mixes scripts, or that is reserved.
func CleanHandle(s string) (string, error) {
	handle := strings.TrimPrefix(norm.NFKC.String(strings.TrimSpace(s)), "@")
	handle = norm.NFC.String(foldCase(handle))
	length := len([]rune(handle))
	switch {
	case !isStorableText(s):
		return "", errHandleCharacters
	case length < minHandle || length > MaxHandle:
		return "", invalidf("handle", "A handle has %d to %d characters.", minHandle, MaxHandle)
	case !hasHandleCharacters(handle):
		return "", errHandleCharacters
	case !hasOneScript(handle):
		return "", invalidf("handle", "A handle can't mix letters from different alphabets.")
	case reservedHandles[HandleKey(handle)]:
		return "", invalidf("handle", "This handle is reserved. Choose another one.")
	}
	return handle, nil
}

var errHandleCharacters = invalidf("handle",
	"A handle has only letters, digits and the signs . _ -, and begins and ends with a letter or digit.")

// IsHandleRune reports whether r can be part of a handle: a letter, mark, joiner or digit, or one of the signs . _ -
func IsHandleRune(r rune) bool { return markdown.IsHandleRune(r) }

// isHandleLetter reports whether r counts as a letter or digit of a handle. Marks and joiners belong to the letters of
// their script.
func isHandleLetter(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd) || isJoiner(r)
}

// hasHandleCharacters reports whether a handle has only the allowed characters, in an order that people can read.
func hasHandleCharacters(handle string) bool {
	runes := []rune(handle)
	if !isHandleLetter(runes[0]) || !isHandleLetter(runes[len(runes)-1]) {
		return false
	}
	return !slices.ContainsFunc(runes, func(r rune) bool { return !markdown.IsHandleRune(r) }) && isReadableName(handle)
}

// mixedScripts are the scripts that people write together. All others stand alone.
var mixedScripts = [][]string{{"Han", "Hiragana", "Katakana"}, {"Han", "Hangul"}, {"Han", "Bopomofo"}}

// hasOneScript reports whether all letters of a handle belong to one script, or to scripts that are written together,
// as in Japanese. Signs and digits belong to no script.
func hasOneScript(handle string) bool {
	var found []string
	for _, r := range handle {
		if script := scriptOf(r); script != "" && !slices.Contains(found, script) {
			found = append(found, script)
		}
	}
	together := func(scripts []string) bool {
		return !slices.ContainsFunc(found, func(s string) bool { return !slices.Contains(scripts, s) })
	}
	return len(found) <= 1 || slices.ContainsFunc(mixedScripts, together)
}

// scriptOf returns the name of the script of a letter, mark or digit, or "" if it belongs to none or to many.
func scriptOf(r rune) string {
	if r < 0x80 {
		if unicode.IsLetter(r) {
			return "Latin"
		}
		return ""
	}
	for name, table := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && unicode.Is(table, r) {
			return name
		}
	}
	return ""
}

// proposedHandle returns the handle that a name suggests, which may be invalid: its letters and digits in lower case,
// with a full stop for white space.
func proposedHandle(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return '.'
		case markdown.IsHandleRune(r):
			return r
		}
		return -1
	}, norm.NFKC.String(name))
	runes := []rune(strings.Trim(foldCase(name), "._-"))
	return strings.TrimRight(string(runes[:min(len(runes), maxProposedHandle)]), "._-")
}

// maxProposedHandle leaves room for a number after a proposed handle.
const maxProposedHandle = MaxHandle - 10

// handleCandidates returns handles to try for a user with this id and name, best first. It ends with random numbers, so
// that in practice one of them is always free.
func handleCandidates(id int64, name string) []string {
	base, number := proposedHandle(name), strconv.FormatInt(id, 10)
	tries := []string{base}
	if base != "" {
		for n := 2; n <= 9; n++ {
			tries = append(tries, base+strconv.Itoa(n))
		}
		tries = append(tries, base+number)
	}
	tries = append(tries, "user"+number)
	for range 5 {
		n, _ := rand.Int(rand.Reader, big.NewInt(1e12)) // the system's source of random numbers does not fail
		tries = append(tries, "user"+n.String())
	}
	var valid []string
	for _, h := range tries {
		if clean, err := CleanHandle(h); err == nil {
			valid = append(valid, clean)
		}
	}
	return valid
}

// handleHash returns the form in which a handle that was given up is remembered.
func handleHash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// availableHandle returns the first of several handles that a user may take, or "" if they may take none. The caller
// has locked General, so no other user can take it before the commit.
func availableHandle(ctx context.Context, tx Tx, user int64, handles []string, now Timestamp) (string, error) {
	keys, hashes := make([]string, len(handles)), make([]string, len(handles))
	for i, h := range handles {
		keys[i] = HandleKey(h)
		hashes[i] = handleHash(keys[i])
	}
	taken, err := tx.TakenHandles(ctx, user, keys)
	if err != nil {
		return "", err
	}
	freed, err := tx.FreedHandles(ctx, user, hashes, now-freedHandleLifetime)
	if err != nil {
		return "", err
	}
	for i, h := range handles {
		if !slices.Contains(taken, keys[i]) && !slices.Contains(freed, hashes[i]) {
			return h, nil
		}
	}
	return "", nil
}

// assignHandle gives a user who has none a handle that their name suggests, and returns it. The caller has locked
// General.
func assignHandle(ctx context.Context, tx Tx, user UserSummary, now Timestamp) (string, error) {
	handle, err := availableHandle(ctx, tx, user.ID, handleCandidates(user.ID, user.Name), now)
	if err != nil || handle == "" {
		return "", err
	}
	return handle, tx.SetHandle(ctx, user.ID, handle, HandleKey(handle))
}

// ChangeHandle gives the acting user another handle, and returns the user with it. Nobody else can have the previous
// handle for 90 days. It returns the errors of CleanHandle, and Conflict if the handle belongs to somebody else or did
// less than 90 days ago.
func (s *Service) ChangeHandle(ctx context.Context, by User, handle string) (UserSummary, error) {
	handle, err := CleanHandle(handle)
	if err != nil || handle == by.Handle {
		return by.Summary(), err
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		if _, _, err := tx.LockRoom(ctx, General); err != nil { // handles are given under this lock only
			return err
		}
		free, err := availableHandle(ctx, tx, by.ID, []string{handle}, s.now())
		if err == nil && free == "" {
			err = ErrDuplicate
		}
		if err != nil {
			return err
		}
		if err := freeHandle(ctx, tx, by.ID, s.now()); err != nil {
			return err
		}
		return tx.SetHandle(ctx, by.ID, handle, HandleKey(handle))
	})
	if errors.Is(err, ErrDuplicate) {
		return UserSummary{}, &Error{
			Code: Conflict, Field: "handle", Format: "The handle @%s is taken.", Args: []any{handle},
		}
	}
	if err != nil {
		return UserSummary{}, err
	}
	by.Handle = handle
	s.events.Publish(UserChanged{by.Summary()})
	return by.Summary(), nil
}

// freeHandle remembers the handle that a user is about to give up.
func freeHandle(ctx context.Context, tx Tx, user int64, now Timestamp) error {
	current, err := tx.User(ctx, user)
	if err != nil || current.Handle == "" {
		return err
	}
	return tx.InsertFreedHandle(ctx, handleHash(HandleKey(current.Handle)), user, now)
}

// handleBatchSize is how many users one transaction of AssignHandles gives a handle.
const handleBatchSize = 200

// AssignHandles gives a handle to every user who has none: users from before handles existed, and those that a node of
// the previous version created.
func (s *Service) AssignHandles(ctx context.Context) error {
	for {
		users, err := s.store.UsersWithoutHandle(ctx, handleBatchSize)
		if err != nil || len(users) == 0 {
			return err
		}
		if err := s.store.InTx(ctx, func(tx Tx) error { return s.assignHandles(ctx, tx) }); err != nil {
			return err
		}
	}
}

// assignHandles gives handles to some of the users who have none. It reads them under the lock of General, because
// another node may do the same.
func (s *Service) assignHandles(ctx context.Context, tx Tx) error {
	if _, _, err := tx.LockRoom(ctx, General); err != nil {
		return err
	}
	users, err := tx.UsersWithoutHandle(ctx, handleBatchSize)
	if err != nil {
		return err
	}
	for _, user := range users {
		if _, err := assignHandle(ctx, tx, user, s.now()); err != nil {
			return err
		}
	}
	return nil
}

// PruneFreedHandles forgets the handles that users gave up more than 90 days ago.
func (s *Service) PruneFreedHandles(ctx context.Context) error {
	return s.store.InTx(ctx, func(tx Tx) error { return tx.PruneFreedHandles(ctx, s.now()-freedHandleLifetime) })
}
