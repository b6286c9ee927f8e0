package handlers

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"time"

	"charla/chat"
	"charla/handlers/web"
	"charla/views"
)

// exportedAccount is the content of account.json: the profile and the settings of the user.
type exportedAccount struct {
	Format       int          `json:"format"` // exportFormat
	ExportedAt   time.Time    `json:"exported_at"`
	ID           int64        `json:"id"`
	Name         string       `json:"name"`
	Email        string       `json:"email"`
	Role         string       `json:"role"`
	RegisteredAt time.Time    `json:"registered_at"`
	Settings     settingsJSON `json:"settings"`
	Emoji        struct {
		Tone   int      `json:"tone"`
		Recent []string `json:"recent"`
	} `json:"emoji"`
}

// exportFormat is the version number of the export's file format. It must be increased when an existing field changes
// its meaning.
const exportFormat = 1

func (s *Server) exportAccountInfo(ctx context.Context, z *zip.Writer, me chat.User) error {
	since, err := s.chat.RegisteredAt(ctx, me)
	if err != nil {
		return err
	}
	prefs, err := s.chat.EmojiPreferences(ctx, me)
	if err != nil {
		return err
	}
	notifications, err := s.chat.NotificationSettings(ctx, me)
	if err != nil {
		return err
	}
	account := exportedAccount{
		Format: exportFormat, ExportedAt: time.Now().UTC(),
		ID: me.ID, Name: me.Name, Email: me.Email, Role: string(me.Role),
		RegisteredAt: since, Settings: settingsToJSON(me, notifications),
	}
	account.Emoji.Tone, account.Emoji.Recent = prefs.SkinTone, append([]string{}, prefs.Recent...)
	w, err := createExportEntry(z, "account.json")
	if err != nil {
		return err
	}
	return writeExportJSON(w, account)
}

// exportedSession is an entry of sessions.json: a browser or program in which the user is signed in.
type exportedSession struct {
	Kind      string    `json:"kind"` // browser or program
	Browser   string    `json:"browser"`
	Address   string    `json:"address"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
}

func (s *Server) exportSessions(ctx context.Context, z *zip.Writer, me chat.User) error {
	sessions, err := s.chat.Sessions(ctx, me)
	if err != nil {
		return err
	}
	list := func(yield func(chat.Session, error) bool) {
		for _, session := range sessions {
			if !yield(session, nil) {
				return
			}
		}
	}
	return writeExportList(z, "sessions.json", list, func(session chat.Session) any {
		return exportedSession{
			string(session.Kind), session.UserAgent, session.IP, session.CreatedAt.Time(), session.SeenAt.Time(),
		}
	})
}

// exportedRoom is an entry of rooms.json: a conversation that the user is or was a member of.
type exportedRoom struct {
	ID     int64  `json:"id"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	With   int64  `json:"with,omitempty"`   // the other user of a direct conversation
	Access string `json:"access,omitempty"` // of a channel only
	Role   string `json:"role"`             // empty if the user is no longer a member
	web.NotificationJSON
}

func (s *Server) exportRooms(ctx context.Context, z *zip.Writer, me chat.User) error {
	return writeExportList(z, "rooms.json", s.chat.ExportRooms(ctx, me), func(r chat.ExportedRoom) any {
		room := exportedRoom{ID: r.ID, Kind: string(r.Kind), Name: r.Name, With: r.Peer, Role: string(r.Role)}
		if r.Role != "" {
			room.NotificationJSON = web.NotificationToJSON(chat.Conversation{
				Kind: r.Kind, Level: r.Level, MutedUntil: r.MutedUntil,
				Muted: r.MutedUntil > chat.TimestampOf(time.Now()),
			})
		}
		if r.Kind == chat.Channel {
			room.Access = string(r.Access)
		}
		return room
	})
}

// exportedMessage is a message that the user wrote. There is one file of such messages for each room.
type exportedMessage struct {
	ID       int64      `json:"id"`
	Seq      int64      `json:"seq"`
	Body     string     `json:"body"`
	PostedAt time.Time  `json:"posted_at"`
	EditedAt *time.Time `json:"edited_at,omitempty"`
}

// exportMessages writes one file for each room, with the messages that the user wrote there. It leaves out messages
// that other people wrote.
func (s *Server) exportMessages(ctx context.Context, z *zip.Writer, me chat.User) error {
	for room, err := range s.chat.ExportRooms(ctx, me) {
		if err != nil {
			return err
		}
		name, messages := fmt.Sprintf("messages/%d.json", room.ID), s.chat.ExportMessages(ctx, me, room)
		err = writeExportList(z, name, messages, func(m chat.Message) any {
			return exportedMessage{m.ID, m.Seq, m.Body, m.PostedAt.Time(), web.OptionalTime(m.EditedAt)}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// exportedReaction is an entry of reactions.json: an emoji with which the user reacted to a message.
type exportedReaction struct {
	Message int64  `json:"message"`
	Room    int64  `json:"room"`
	Emoji   string `json:"emoji"`
}

func (s *Server) exportReactions(ctx context.Context, z *zip.Writer, me chat.User) error {
	return writeExportList(z, "reactions.json", s.chat.ExportReactions(ctx, me), func(r chat.ExportedReaction) any {
		return exportedReaction{r.Message, r.Room, r.Emoji}
	})
}

// exportedPin is an entry of pins.json: a message that the user pinned and that is still pinned.
type exportedPin struct {
	Message  int64     `json:"message"`
	Room     int64     `json:"room"`
	PinnedAt time.Time `json:"pinned_at"`
}

func (s *Server) exportPins(ctx context.Context, z *zip.Writer, me chat.User) error {
	return writeExportList(z, "pins.json", s.chat.ExportPins(ctx, me), func(p chat.ExportedPin) any {
		return exportedPin{p.Message, p.Room, p.PinnedAt.Time()}
	})
}

// exportedSavedMessage is an entry of saved.json: a message that the user saved.
type exportedSavedMessage struct {
	Message int64     `json:"message"`
	Room    int64     `json:"room"`
	SavedAt time.Time `json:"saved_at"`
}

func (s *Server) exportSavedMessages(ctx context.Context, z *zip.Writer, me chat.User) error {
	list := s.chat.ExportSavedMessages(ctx, me)
	return writeExportList(z, "saved.json", list, func(m chat.ExportedSavedMessage) any {
		return exportedSavedMessage{m.Message, m.Room, m.SavedAt.Time()}
	})
}

// exportedDraft is an entry of drafts.json: a text that the user has not sent yet.
type exportedDraft struct {
	Room      int64     `json:"room,omitempty"`
	With      int64     `json:"with,omitempty"`
	Body      string    `json:"body"`
	UpdatedAt time.Time `json:"updated_at"`
}

func (s *Server) exportDrafts(ctx context.Context, z *zip.Writer, me chat.User) error {
	return writeExportList(z, "drafts.json", s.chat.ExportDrafts(ctx, me), func(d chat.ExportedDraft) any {
		return exportedDraft{d.Room, d.With, d.Body, d.UpdatedAt.Time()}
	})
}

// exportedInvitation is an entry of invitations.json: an open invitation that the user made.
type exportedInvitation struct {
	Path      string     `json:"path"` // of its link
	Role      string     `json:"role"`
	Rooms     []string   `json:"rooms"`
	MaxUses   int        `json:"max_uses,omitempty"` // absent for any number
	Uses      int        `json:"uses"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"` // absent for never
}

func (s *Server) exportInvitations(ctx context.Context, z *zip.Writer, me chat.User) error {
	list := s.chat.ExportInvitations(ctx, me)
	return writeExportList(z, "invitations.json", list, func(in chat.Invitation) any {
		out := exportedInvitation{
			Path: views.InvitationURL(in.Token), Role: string(in.Role), Rooms: []string{}, MaxUses: in.MaxUses,
			Uses: in.Uses, CreatedAt: in.CreatedAt.Time(), ExpiresAt: web.OptionalTime(in.ExpiresAt),
		}
		for _, room := range in.Rooms {
			out.Rooms = append(out.Rooms, room.Name)
		}
		return out
	})
}

// exportedInboxItem is an entry of inbox.json: something that the user was notified of. It leaves out rooms that the
// user is not in.
type exportedInboxItem struct {
	Kind    string    `json:"kind"`
	Room    int64     `json:"room"`
	Message int64     `json:"message,omitempty"` // absent from an invitation
	At      time.Time `json:"at"`
	Seen    bool      `json:"seen"`
}

func (s *Server) exportInbox(ctx context.Context, z *zip.Writer, me chat.User) error {
	return writeExportList(z, "inbox.json", s.chat.ExportInbox(ctx, me), func(i chat.InboxItem) any {
		return exportedInboxItem{string(i.Kind), i.Room, i.MessageID, i.CreatedAt.Time(), i.SeenAt != 0}
	})
}

// exportedFile is an entry of files.json: a file that the user uploaded. The content of the file is in files/ID/name.
type exportedFile struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Alt     string `json:"alt,omitempty"`
	Type    string `json:"type"`
	Size    int64  `json:"size"`
	Message int64  `json:"message,omitempty"` // absent if the file is not sent yet, or is the avatar
}

// exportFiles writes files.json and the content of each file that the user uploaded. It skips a file that is deleted
// while the export runs.
func (s *Server) exportFiles(ctx context.Context, z *zip.Writer, me chat.User) error {
	err := writeExportList(z, "files.json", s.chat.ExportFiles(ctx, me), func(f chat.ExportedFile) any {
		return exportedFile{f.ID, f.Name, f.Alt, f.Type, f.Size, f.Message}
	})
	if err != nil {
		return err
	}
	for f, err := range s.chat.ExportFiles(ctx, me) {
		if err != nil {
			return err
		}
		if err := s.exportFile(ctx, z, f); err != nil && chat.CodeOf(err) != chat.NotFound {
			return err
		}
	}
	return nil
}

// exportFile copies the content of one uploaded file to the zip file. It does not compress it, because most large files
// (pictures, audio, video) are compressed already.
func (s *Server) exportFile(ctx context.Context, z *zip.Writer, f chat.ExportedFile) error {
	content, err := s.chat.OpenFile(ctx, f.StoredFile, chat.VariantOriginal)
	if err != nil {
		return err
	}
	defer content.Close()
	name := fmt.Sprintf("files/%d/%s", f.ID, f.Name)
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: time.Now()})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, content)
	return err
}
