package handlers

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"time"

	"charla/chat"
	"charla/handlers/web"
)

type exportedAccount struct {
	Format       int          `json:"format"` // of this file; grows when what is there means something else
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

const exportFormat = 1

func (s *Server) exportAccountInfo(ctx context.Context, z *zip.Writer, me chat.User) error {
	since, err := s.chat.RegisteredAt(ctx, me)
	if err != nil {
		return err
	}
	habits, err := s.chat.EmojiPreferences(ctx, me)
	if err != nil {
		return err
	}
	wishes, err := s.chat.NotificationSettings(ctx, me)
	if err != nil {
		return err
	}
	account := exportedAccount{Format: exportFormat, ExportedAt: time.Now().UTC(), ID: me.ID, Name: me.Name, Email: me.Email, Role: string(me.Role),
		RegisteredAt: since, Settings: settingsToJSON(me, wishes)}
	account.Emoji.Tone, account.Emoji.Recent = habits.SkinTone, append([]string{}, habits.Recent...)
	w, err := createExportEntry(z, "account.json")
	if err != nil {
		return err
	}
	return writeExportJSON(w, account)
}

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
		for _, in := range sessions {
			if !yield(in, nil) {
				return
			}
		}
	}
	return writeExportList(z, "sessions.json", list, func(in chat.Session) any {
		return exportedSession{string(in.Kind), in.UserAgent, in.IP, in.CreatedAt.Time(), in.SeenAt.Time()}
	})
}

type exportedRoom struct {
	ID     int64  `json:"id"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	With   int64  `json:"with,omitempty"`   // the other person, of a direct conversation
	Access string `json:"access,omitempty"` // of a channel
	Role   string `json:"role"`             // empty where one is no longer
}

func (s *Server) exportRooms(ctx context.Context, z *zip.Writer, me chat.User) error {
	return writeExportList(z, "rooms.json", s.chat.ExportRooms(ctx, me), func(r chat.ExportedRoom) any {
		room := exportedRoom{ID: r.ID, Kind: string(r.Kind), Name: r.Name, With: r.Peer, Role: string(r.Role)}
		if r.Kind == chat.Channel {
			room.Access = string(r.Access)
		}
		return room
	})
}

type exportedMessage struct {
	ID       int64      `json:"id"`
	Seq      int64      `json:"seq"`
	Body     string     `json:"body"`
	PostedAt time.Time  `json:"posted_at"`
	EditedAt *time.Time `json:"edited_at,omitempty"`
}

// exportMessages makes a file for each room. What others wrote is theirs, and stands in none.
func (s *Server) exportMessages(ctx context.Context, z *zip.Writer, me chat.User) error {
	for room, err := range s.chat.ExportRooms(ctx, me) {
		if err != nil {
			return err
		}
		err = writeExportList(z, fmt.Sprintf("messages/%d.json", room.ID), s.chat.ExportMessages(ctx, me, room), func(m chat.Message) any {
			return exportedMessage{m.ID, m.Seq, m.Body, m.PostedAt.Time(), web.OptionalTime(m.EditedAt)}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

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

type exportedFile struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Alt     string `json:"alt,omitempty"`
	Type    string `json:"type"`
	Size    int64  `json:"size"`
	Message int64  `json:"message,omitempty"` // none while it waits, and of the person's picture
}

// exportFiles lists the files, and then puts them in as they are kept.
func (s *Server) exportFiles(ctx context.Context, z *zip.Writer, me chat.User) error {
	err := writeExportList(z, "files.json", s.chat.ExportFiles(ctx, me), func(f chat.ExportedFile) any {
		return exportedFile{f.ID, f.Name, f.Alt, f.Type, f.Size, f.Message}
	})
	if err != nil {
		return err
	}
	for f, err := range s.chat.ExportFiles(ctx, me) {
		if err == nil {
			err = s.exportFile(ctx, z, f)
		}
		if err != nil && chat.CodeOf(err) != chat.NotFound { // it was deleted meanwhile
			return err
		}
	}
	return nil
}

// exportFile does not compress: what is large is pictures, sound and films, which are compressed already.
func (s *Server) exportFile(ctx context.Context, z *zip.Writer, f chat.ExportedFile) error {
	content, err := s.chat.OpenFile(ctx, f.StoredFile, chat.VariantOriginal)
	if err != nil {
		return err
	}
	defer content.Close()
	w, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("files/%d/%s", f.ID, f.Name), Method: zip.Store, Modified: time.Now()})
	if err == nil {
		_, err = io.Copy(w, content)
	}
	return err
}
