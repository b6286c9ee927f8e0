package chat

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// The minimum and maximum length of a password, in Unicode NFC. NIST SP 800-63B requires a minimum of 8 characters, and
// counts each code point as one, and a maximum of at least 64. Hashing takes longer for longer passwords, so more than
// 1024 bytes are refused.
const (
	minPasswordCharacters = 8
	MaxPasswordBytes      = 1024
)

// passwordTooLong reports whether a password has more than MaxPasswordBytes. Decomposed text has at most four times as
// many bytes as NFC; what is longer is not even normalized.
func passwordTooLong(password string) bool {
	return len(password) > 4*MaxPasswordBytes || len(norm.NFC.String(password)) > MaxPasswordBytes
}

// The cost of a hash: the parameters for argon2id with little memory that the OWASP password storage cheat sheet
// recommends.
const (
	hashMemory  = 19 << 10 // KiB
	hashTime    = 2
	hashThreads = 1
	hashBytes   = 32
	saltBytes   = 16
)

// maxHashWait is how long a request waits for its turn to hash a password before it gets the error TooMany.
const maxHashWait = 5 * time.Second

// hasher hashes passwords. It computes at most one hash per CPU core at a time, because each needs 19 MiB of memory.
type hasher struct {
	slots chan struct{}
	dummy string // the hash that a password is compared with if there is no account, so that it takes equally long
}

func newHasher() *hasher {
	h := &hasher{slots: make(chan struct{}, runtime.NumCPU())}
	h.dummy = encodeHash(make([]byte, saltBytes), make([]byte, hashBytes))
	return h
}

// acquire waits until fewer hashes than CPU cores are being computed, and then runs f. It returns TooMany if the wait
// takes longer than maxHashWait.
func (h *hasher) acquire(ctx context.Context, f func()) error {
	ctx, cancel := context.WithTimeout(ctx, maxHashWait)
	defer cancel()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
		f()
		return nil
	case <-ctx.Done():
		return &Error{
			Code: TooMany, Format: "Too many people are signing in right now. Try again in a moment.",
			RetryAfter: maxHashWait,
		}
	}
}

// hash returns the hash of a password with a new salt, as a PHC string. It hashes the password in Unicode NFC, because
// keyboards differ in whether they send "é" as one character or as two.
func (h *hasher) hash(ctx context.Context, password string) (phc string, err error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	err = h.acquire(ctx, func() { phc = encodeHash(salt, derive(norm.NFC.String(password), salt)) })
	return phc, err
}

// matches reports whether phc, a stored hash, belongs to the password. It compares the password in Unicode NFC and then
// as it was typed, because older versions of Charla hashed it so. If phc is empty, it does the same amount of work and
// returns false.
func (h *hasher) matches(ctx context.Context, phc, password string) (ok bool, err error) {
	known := phc != ""
	if !known {
		phc = h.dummy
	}
	salt, want, err := decodeHash(phc)
	if err != nil {
		return false, err
	}
	isRight := func(form string) bool { return subtle.ConstantTimeCompare(derive(form, salt), want) == 1 }
	normal := norm.NFC.String(password)
	err = h.acquire(ctx, func() { ok = isRight(normal) || normal != password && isRight(password) })
	return ok && known, err
}

func derive(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, hashTime, hashMemory, hashThreads, hashBytes)
}

var phcPrefix = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, hashMemory, hashTime, hashThreads)

func encodeHash(salt, hash []byte) string {
	b64 := base64.RawStdEncoding
	return phcPrefix + b64.EncodeToString(salt) + "$" + b64.EncodeToString(hash)
}

func decodeHash(phc string) (salt, hash []byte, err error) {
	rest, ok := strings.CutPrefix(phc, phcPrefix)
	s, h, ok2 := strings.Cut(rest, "$")
	if !ok || !ok2 {
		return nil, nil, fmt.Errorf("a stored password hash has another form than %s…", phcPrefix)
	}
	if salt, err = base64.RawStdEncoding.DecodeString(s); err != nil {
		return nil, nil, err
	}
	hash, err = base64.RawStdEncoding.DecodeString(h)
	return salt, hash, err
}

// commonPasswordList holds the 5,000 most common passwords with at least eight characters, one per line, in lower case.
// They are the top of the frequency list in the npm package @zxcvbn-ts/language-common 4.1.3 (MIT licence).
//
//go:embed common_passwords.txt
var commonPasswordList string

var commonPasswords = func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonPasswordList) {
		set[strings.TrimSpace(line)] = true
	}
	return set
}()

// checkPassword returns Invalid for a password that is too short, too long or common, or that is the user's own name or
// address.
func checkPassword(password, name, email string) error {
	if passwordTooLong(password) {
		return invalidf("password", "This password is too long.")
	}
	password = norm.NFC.String(password)
	lower := strings.ToLower(password)
	local, _, _ := strings.Cut(strings.ToLower(email), "@")
	switch {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return invalidf("password", "This password contains characters that can't be used.")
	case utf8.RuneCountInString(password) < minPasswordCharacters:
		return invalidf("password", "Use at least %d characters.", minPasswordCharacters)
	case commonPasswords[lower] || isOneCharacter(lower):
		return invalidf("password", "This password is too common. Choose another one.")
	case lower == strings.ToLower(name) || lower == strings.ToLower(email) || lower == local:
		return invalidf("password", "Do not use your name or e-mail address as your password.")
	}
	return nil
}

// isOneCharacter reports whether s repeats a single character.
func isOneCharacter(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return strings.Trim(s, string(first)) == ""
}
