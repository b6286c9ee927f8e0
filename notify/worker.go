// Package notify takes what stands in the outbox to people who are away, as letters and as pushes.
package notify

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"charla/chat"
	"charla/notify/email"
	"charla/notify/ntfy"
	"charla/views"
)

// Worker serves the roads that it was given. Several may serve one database.
type Worker struct {
	Service  *chat.Service
	Presence chat.Presence  // over all nodes
	BaseURL  *url.URL       // where links lead
	Zone     *time.Location // times are told in it
	Email    *email.Sender  // nil: no mail
	Ntfy     *ntfy.Client   // nil: no pushes
}

// The outbox is looked at each second; batchSize notices of a road are told side by side. That they were told is written down
// again and again, as long as nobody else tries them.
const (
	pollInterval          = time.Second
	batchSize             = 8
	completeRetryInterval = time.Second
	completeAttempts      = 60
)

// Media returns the roads that are served.
func (c *Worker) Media() chat.Media { return chat.Media{Email: c.Email != nil, Push: c.Ntfy != nil} }

// Run serves until ctx ends.
func (c *Worker) Run(ctx context.Context) {
	var work sync.WaitGroup
	if c.Email != nil {
		work.Go(func() { repeat(ctx, chat.DigestScanInterval, func() { c.ScanUnread(ctx, chat.MediumEmail) }) })
		work.Go(func() { repeat(ctx, pollInterval, func() { c.Deliver(ctx, chat.MediumEmail) }) })
	}
	if c.Ntfy != nil {
		work.Go(func() { repeat(ctx, chat.PushScanInterval, func() { c.ScanUnread(ctx, chat.MediumPush) }) })
		work.Go(func() { repeat(ctx, pollInterval, func() { c.Deliver(ctx, chat.MediumPush) }) })
		defer c.Ntfy.Close()
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

// ScanUnread finds whom new messages concern.
func (c *Worker) ScanUnread(ctx context.Context, medium chat.Medium) {
	if err := c.Service.ScanUnread(ctx, medium, c.Presence); err != nil {
		slog.Warn("new messages not looked through", "road", medium, "error", err)
	}
}

// Deliver tells what is due on a road, until nothing is.
func (c *Worker) Deliver(ctx context.Context, medium chat.Medium) {
	for ctx.Err() == nil {
		notifications, err := c.Service.ClaimNotifications(ctx, medium, batchSize)
		if err != nil {
			slog.Warn("outbox not read", "road", medium, "error", err)
		}
		if err != nil || len(notifications) == 0 {
			return
		}
		var work sync.WaitGroup
		for _, n := range notifications {
			work.Go(func() { c.deliverOne(ctx, n) })
		}
		work.Wait()
	}
}

// deliverOne tries a notice once. A panic is one more failure: a notice that cannot be told must not end the others.
func (c *Worker) deliverOne(ctx context.Context, n chat.Notification) {
	content, err := c.attempt(ctx, n)
	c.complete(ctx, n, content.Unread, err)
}

// complete waits for a database that is away for a moment: what was told and is not written down would be told twice.
func (c *Worker) complete(ctx context.Context, n chat.Notification, previews []chat.UnreadConversation, deliveryErr error) {
	for attempt := range completeAttempts {
		lastAttempt := ctx.Err() != nil // then this is the last try
		err := c.Service.RecordDelivery(context.WithoutCancel(ctx), n, previews, deliveryErr)
		if err == nil {
			return
		}
		slog.Warn("outbox not written", "notice", n.ID, "try", attempt+1, "error", err)
		if lastAttempt {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(completeRetryInterval):
		}
	}
}

func (c *Worker) attempt(ctx context.Context, n chat.Notification) (content chat.NotificationContent, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	if content, err = c.Service.BuildNotificationContent(ctx, n, c.Presence); err != nil {
		return content, err
	}
	l := views.Locale{Lang: views.MatchLang(content.Language, ""), Zone: c.Zone}
	if n.Medium == chat.MediumPush {
		p := views.NewPush(l, content, c.BaseURL)
		content.Unread = nil // no letter told of it
		return content, c.Ntfy.Publish(ctx, ntfy.Notification{Topic: content.To, Title: p.Title, Message: p.Text, Click: p.URL, Tags: []string{"speech_balloon"}})
	}
	return content, c.sendEmail(ctx, l, content)
}

func (c *Worker) sendEmail(ctx context.Context, l views.Locale, content chat.NotificationContent) error {
	message := views.NewEmail(l, content, c.BaseURL)
	html, err := message.HTML()
	if err != nil {
		return err
	}
	return c.Email.Send(ctx, email.Message{
		ID: fmt.Sprintf("charla.%d.%d", content.ID, content.CreatedAt), Name: content.RecipientName, To: content.To, Subject: message.Subject, Text: message.Text(), HTML: html,
		Lang: l.Lang, UnsubscribeURL: message.Unsubscribe.URL,
	})
}
