// Package courier takes what stands in the outbox to people who are away, as letters and as pushes.
package courier

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"charla/chat"
	"charla/mail"
	"charla/push"
	"charla/views"
)

// Courier serves the roads that it was given. Several may serve one database.
type Courier struct {
	Chat *chat.Service
	Here chat.Presence  // over all nodes
	Base *url.URL       // where links lead
	Zone *time.Location // times are told in it
	Mail *mail.Sender   // nil: no mail
	Push *push.Server   // nil: no pushes
}

// The outbox is looked at each second; atOnce notices of a road are told side by side. That they were told is written down
// again and again, as long as nobody else tries them.
const (
	every       = time.Second
	atOnce      = 8
	settleEvery = time.Second
	settleTries = 60
)

// Reach returns the roads that are served.
func (c *Courier) Reach() chat.Reach { return chat.Reach{Mail: c.Mail != nil, Push: c.Push != nil} }

// Run serves until ctx ends.
func (c *Courier) Run(ctx context.Context) {
	var work sync.WaitGroup
	if c.Mail != nil {
		work.Go(func() { repeat(ctx, chat.MailEvery, func() { c.Look(ctx, chat.ByMail) }) })
		work.Go(func() { repeat(ctx, every, func() { c.Deliver(ctx, chat.ByMail) }) })
	}
	if c.Push != nil {
		work.Go(func() { repeat(ctx, chat.PushEvery, func() { c.Look(ctx, chat.ByPush) }) })
		work.Go(func() { repeat(ctx, every, func() { c.Deliver(ctx, chat.ByPush) }) })
		defer c.Push.Close()
	}
	work.Wait()
}

// repeat does something at once and from time to time until ctx ends. Looking and delivering each have their own turns: a
// server that stalls must not keep new messages from being seen.
func repeat(ctx context.Context, period time.Duration, do func()) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for ctx.Err() == nil {
		do()
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// Look finds whom new messages concern.
func (c *Courier) Look(ctx context.Context, road chat.Road) {
	if err := c.Chat.LookAround(ctx, road, c.Here); err != nil {
		slog.Warn("new messages not looked through", "road", road, "error", err)
	}
}

// Deliver tells what is due on a road, until nothing is.
func (c *Courier) Deliver(ctx context.Context, road chat.Road) {
	for ctx.Err() == nil {
		notices, err := c.Chat.ClaimNotices(ctx, road, atOnce)
		if err != nil {
			slog.Warn("outbox not read", "road", road, "error", err)
		}
		if err != nil || len(notices) == 0 {
			return
		}
		var work sync.WaitGroup
		for _, n := range notices {
			work.Go(func() { c.tell(ctx, n) })
		}
		work.Wait()
	}
}

// tell tries a notice once. A panic is one more failure: a notice that cannot be told must not end the others.
func (c *Courier) tell(ctx context.Context, n chat.Notice) {
	parcel, err := c.try(ctx, n)
	c.settle(ctx, n, parcel.Waiting, err)
}

// settle waits for a database that is away for a moment: what was told and is not written down would be told twice.
func (c *Courier) settle(ctx context.Context, n chat.Notice, told []chat.Waiting, failure error) {
	for try := range settleTries {
		ending := ctx.Err() != nil // then this is the last try
		err := c.Chat.Settle(context.WithoutCancel(ctx), n, told, failure)
		if err == nil {
			return
		}
		slog.Warn("outbox not written", "notice", n.ID, "try", try+1, "error", err)
		if ending {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(settleEvery):
		}
	}
}

func (c *Courier) try(ctx context.Context, n chat.Notice) (parcel chat.Parcel, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	if parcel, err = c.Chat.Prepare(ctx, n, c.Here); err != nil {
		return parcel, err
	}
	l := views.Locale{Lang: views.MatchLang(parcel.Lang, ""), Zone: c.Zone}
	if n.Road == chat.ByPush {
		p := views.NewPush(l, parcel, c.Base)
		parcel.Waiting = nil // no letter told of it
		return parcel, c.Push.Publish(ctx, push.Note{Topic: parcel.To, Title: p.Title, Message: p.Text, Click: p.URL, Tags: []string{"speech_balloon"}})
	}
	return parcel, c.send(ctx, l, parcel)
}

func (c *Courier) send(ctx context.Context, l views.Locale, p chat.Parcel) error {
	letter := views.NewLetter(l, p, c.Base)
	html, err := letter.HTML()
	if err != nil {
		return err
	}
	return c.Mail.Send(ctx, mail.Letter{
		ID: fmt.Sprintf("charla.%d.%d", p.ID, p.CreatedAt), Name: p.Name, To: p.To, Subject: letter.Subject, Text: letter.Text(), HTML: html,
		Lang: l.Lang, OneClick: letter.Leave.URL,
	})
}
