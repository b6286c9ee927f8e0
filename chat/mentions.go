package chat

import (
	"cmp"
	"context"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"charla/markdown"
)

// MentionReader finds the users whom a text mentions.
type MentionReader interface {
	// MentionCandidates lists the enabled users whom the author sees and who have one of these handles, given by their
	// keys (see HandleKey).
	MentionCandidates(
		ctx context.Context, author int64, ref ConversationRef, keys []string,
	) ([]MentionCandidate, error)
	// MentionIDs lists at most limit ids below an id, highest first, of messages in the user's rooms that mention the
	// user; see Message.MentionsUser.
	MentionIDs(ctx context.Context, user, below int64, limit int) ([]int64, error)
}

// MentionWriter stores mentions.
type MentionWriter interface {
	// SetMentions replaces the stored mentions of a message.
	SetMentions(ctx context.Context, message int64, mentions []Mention) error
}

// Mention is a user who is mentioned in a message.
type Mention struct {
	UserSummary        // with the name and handle that the user has now
	Written     string // key of the handle in the text
}

// MentionCandidate is a user who has a handle that stands in a text.
type MentionCandidate struct {
	UserSummary
	Key      string `db:"handle_key"`
	IsMember bool   `db:"is_member"` // of the conversation
}

// Audience says whom a message mentions at once.
type Audience string

// The audiences of a message: nobody but those who are mentioned by their handles, all members of the room, or those of
// them who are online. In a text they are written as @channel and @here.
const (
	AudienceNone    Audience = ""
	AudienceChannel Audience = "channel"
	AudienceHere    Audience = "here"
)

// AudienceChoice says whether a message with @channel or @here notifies people.
type AudienceChoice int

// The choices of the sender. AskAudience is for a form: above maxUnasked people it is refused with a question, and sent
// again with NotifyAudience. SkipAudience is for programs, which nobody can ask.
const (
	AskAudience AudienceChoice = iota
	NotifyAudience
	SkipAudience
)

// maxUnasked is the most people whom @channel and @here notify without a question.
const maxUnasked = 10

// maxMentions is the most different handles in a message that are looked up.
const maxMentions = 100

// maxWrittenHandle is the most characters after a sign @ that are compared with handles. Normalization may shorten
// them.
const maxWrittenHandle = 2 * MaxHandle

// mentions is the result of finding the mentions in a text.
type mentions struct {
	html     string // of the text
	users    []Mention
	audience Audience
	outside  []UserSummary // people whom the author sees and who are not in the conversation
}

// writtenHandle returns the part at the start of a text that is a handle: up to where another script begins, as in a
// Chinese sentence, and without punctuation at its end. It returns "" if that part is longer than any handle.
func writtenHandle(written string) string {
	length := 0
	for i, r := range written {
		end := i + utf8.RuneLen(r)
		if !hasOneScript(written[:end]) {
			written = written[:i]
			break
		}
		if length++; length > maxWrittenHandle {
			return ""
		}
	}
	return strings.TrimRight(written, "._-")
}

// findMentions finds whom a text mentions and renders the text. known are the mentions that the message had before an
// edit: the same handle in the text still means the same user, whatever handle that user has now.
func (s *Service) findMentions(
	ctx context.Context, by User, ref ConversationRef, body string, known []Mention,
) (found mentions, err error) {
	if !strings.ContainsAny(body, "@＠") {
		return mentions{html: markdown.Render(body)}, nil
	}
	doc := markdown.Parse(body)
	var keys []string
	for _, written := range doc.Mentions() {
		key := HandleKey(writtenHandle(written))
		if key != "" && !slices.Contains(keys, key) && len(keys) < maxMentions {
			keys = append(keys, key)
		}
	}
	var candidates []MentionCandidate
	if len(keys) > 0 {
		if candidates, err = s.store.MentionCandidates(ctx, by.ID, ref, keys); err != nil {
			return mentions{}, err
		}
	}
	for _, key := range keys {
		found.add(key, candidates, known)
	}
	found.html = doc.HTML(found.shown)
	slices.SortStableFunc(found.users, func(a, b Mention) int { return cmp.Compare(a.ID, b.ID) })
	found.users = slices.CompactFunc(found.users, func(a, b Mention) bool { return a.ID == b.ID })
	return found, nil
}

// add adds the user or audience whom a key in the text means.
func (m *mentions) add(key string, candidates []MentionCandidate, known []Mention) {
	switch {
	case key == string(AudienceChannel), key == string(AudienceHere) && m.audience == AudienceNone:
		m.audience = Audience(key)
		return
	}
	for _, user := range known {
		if user.Written == key {
			m.users = append(m.users, user)
			return
		}
	}
	for _, c := range candidates {
		switch {
		case c.Key == key && c.IsMember:
			m.users = append(m.users, Mention{c.UserSummary, key})
		case c.Key == key:
			m.outside = append(m.outside, c.UserSummary)
		}
	}
}

// shown returns what the page shows for a mention in the text.
func (m *mentions) shown(written string) markdown.Mention {
	handle := writtenHandle(written)
	key := HandleKey(handle)
	for _, user := range m.users {
		if user.Written == key {
			id := strconv.FormatInt(user.ID, 10)
			return markdown.Mention{Length: len(handle), Class: id, Text: "@" + user.Handle}
		}
	}
	if key == string(AudienceChannel) || key == string(AudienceHere) {
		return markdown.Mention{Length: len(handle), Class: "all", Text: "@" + key}
	}
	return markdown.Mention{}
}

// WithHandles returns the HTML of a message in which each mention shows the handle that the user has now. A mention of
// somebody without a handle, whose account was deleted, stays as it was written.
func WithHandles(text string, users []Mention) string {
	for _, user := range users {
		before := `<bdi class="mention mention-` + strconv.FormatInt(user.ID, 10) + `">`
		parts := strings.Split(text, before)
		for i := 1; i < len(parts) && user.Handle != ""; i++ {
			if _, after, ok := strings.Cut(parts[i], "</bdi>"); ok {
				parts[i] = "@" + html.EscapeString(user.Handle) + "</bdi>" + after
			}
		}
		text = strings.Join(parts, before)
	}
	return text
}

// notifiesAudience reports whether a message with @channel or @here notifies its audience. It returns an Invalid error
// with the number of people if the author must be asked first.
func (s *Service) notifiesAudience(ctx context.Context, by User, in NewMessage, audience Audience) (bool, error) {
	if audience == AudienceNone || in.Audience == SkipAudience || by.IsBot() || !s.Community(ctx).May(by, NotifyAll) {
		return false, nil
	}
	if in.Audience == NotifyAudience || in.Conversation.Room == 0 {
		return true, nil
	}
	count, err := s.countAudience(ctx, by, in, audience)
	if err == nil && count > maxUnasked {
		err = invalidf("all", "This notifies %d people.", count)
	}
	return err == nil, err
}

// countAudience returns how many people other than the author a message with @channel or @here notifies.
func (s *Service) countAudience(ctx context.Context, by User, in NewMessage, audience Audience) (int, error) {
	room, err := s.store.Room(ctx, by.ID, in.Conversation.Room)
	if err != nil || audience == AudienceChannel {
		return room.MemberCount - 1, err
	}
	if in.Online == nil {
		return 0, nil
	}
	online, err := s.store.UsersInRooms(ctx, []int64{room.ID}, in.Online())
	return len(slices.DeleteFunc(online, func(id int64) bool { return id == by.ID })), err
}

// NotInRoom returns those of the given users whom the acting user sees and who are not members of a room, and whether
// the acting user may invite them. It returns at most maxMentions users.
func (s *Service) NotInRoom(
	ctx context.Context, by User, id int64, users []int64,
) (outside []UserSummary, mayInvite bool, err error) {
	if len(users) == 0 || id == 0 {
		return nil, false, nil
	}
	room, err := s.store.Room(ctx, by.ID, id)
	if err != nil {
		return nil, false, err
	}
	users = users[:min(len(users), maxMentions)]
	members, err := s.store.UsersInRooms(ctx, []int64{id}, users)
	for i := 0; i < len(users) && err == nil; i++ {
		if slices.Contains(members, users[i]) {
			continue
		}
		user, errUser := s.store.VisibleUser(ctx, by.ID, users[i])
		if errUser == nil && !user.Disabled() {
			outside = append(outside, user.Summary())
		}
	}
	return outside, room.CanInvite(), err
}
