// Package notify sends notifications to users who are not online. It finds unread messages, builds the content of
// queued notifications, and delivers them as e-mails and through ntfy.
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

// Store is the part of the database that the worker reads directly. The queue of notifications belongs to chat.Service,
// which also records their delivery.
type Store interface {
	contentReader
	scanStore
}

// Worker delivers notifications by e-mail and ntfy, if these are configured. Several nodes may run a worker on the same
// database: only one of them claims a notification and delivers it.
type Worker struct {
	Service  *chat.Service
	Store    Store
	Presence chat.Presence  // who is online on any node
	BaseURL  *url.URL       // the start of every link
	Zone     *time.Location // the time zone of times in e-mails and of the daily digest
	Email    *email.Sender  // nil if e-mail is not configured
	Ntfy     *ntfy.Client   // nil if ntfy is not configured
}

// These control the delivery. The worker checks the queue every pollInterval, and delivers at most batchSize
// notifications of a medium at once. It tries completeAttempts times to record a delivery, which takes about as long as
// its claim on the notification lasts.
const (
	pollInterval          = time.Second
	batchSize             = 8
	completeRetryInterval = time.Second
	completeAttempts      = 60
)

// Run scans for unread messages and delivers notifications until ctx is canceled. Scanning and delivering run
// separately for each medium, so that a slow mail server delays nothing else.
func (w *Worker) Run(ctx context.Context) {
	var loops sync.WaitGroup
	start := func(medium chat.Medium) {
		loops.Go(func() { chat.Every(ctx, scanInterval(medium), func() { w.ScanUnread(ctx, medium) }) })
		loops.Go(func() { chat.Every(ctx, pollInterval, func() { w.Deliver(ctx, medium) }) })
	}
	if w.Email != nil {
		start(chat.MediumEmail)
	}
	if w.Ntfy != nil {
		start(chat.MediumPush)
		defer w.Ntfy.Close()
	}
	loops.Wait()
}

// Deliver delivers in batches all notifications of a medium that are due.
func (w *Worker) Deliver(ctx context.Context, medium chat.Medium) {
	for ctx.Err() == nil {
		notifications, err := w.Service.ClaimNotifications(ctx, medium, batchSize)
		if err != nil {
			slog.Warn("claim notifications failed", "medium", medium, "error", err)
			return
		}
		if len(notifications) == 0 {
			return
		}
		var batch sync.WaitGroup
		for _, n := range notifications {
			batch.Go(func() { w.deliverOne(ctx, n) })
		}
		batch.Wait()
	}
}

// deliverOne tries once to deliver a notification, and records whether it succeeded.
func (w *Worker) deliverOne(ctx context.Context, n chat.Notification) {
	content, err := w.attempt(ctx, n)
	w.complete(ctx, n, content.Unread, err)
}

// complete records whether a delivery succeeded. While the database is unavailable it tries again, because a delivery
// that is not recorded would be repeated. When ctx is canceled it makes one more attempt and stops.
func (w *Worker) complete(
	ctx context.Context, n chat.Notification, emailed []chat.UnreadConversation, deliveryErr error,
) {
	for attempt := range completeAttempts {
		stopping := ctx.Err() != nil
		err := w.Service.RecordDelivery(context.WithoutCancel(ctx), n, emailed, deliveryErr)
		if err == nil {
			return
		}
		slog.Warn("record delivery failed", "notification", n.ID, "attempt", attempt+1, "error", err)
		if stopping {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(completeRetryInterval):
		}
	}
}

// attempt builds the content of a notification and sends it. It returns a panic as an error, so that other
// notifications are still delivered. The returned content lists the conversations about which an e-mail was sent; for
// push the list is empty.
func (w *Worker) attempt(ctx context.Context, n chat.Notification) (content chat.NotificationContent, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	if content, err = w.buildContent(ctx, n); err != nil {
		return content, err
	}
	locale := views.Locale{
		Lang: views.MatchLang(content.Language, ""), Zone: w.Zone, Community: w.Service.Community(ctx).Name,
	}
	if n.Medium == chat.MediumPush {
		err := w.sendPush(ctx, locale, content)
		content.Unread = nil // no e-mail has covered these conversations
		return content, err
	}
	return content, w.sendEmail(ctx, locale, content)
}

func (w *Worker) sendPush(ctx context.Context, locale views.Locale, content chat.NotificationContent) error {
	push := views.NewPush(locale, content, w.BaseURL)
	return w.Ntfy.Publish(ctx, ntfy.Notification{
		Topic: content.To, Title: push.Title, Message: push.Text, Click: push.URL, Tags: []string{"speech_balloon"},
	})
}

func (w *Worker) sendEmail(ctx context.Context, locale views.Locale, content chat.NotificationContent) error {
	page := views.NewEmail(locale, content, w.BaseURL)
	html, err := page.HTML()
	if err != nil {
		return err
	}
	return w.Email.Send(ctx, email.Message{
		ID:             fmt.Sprintf("charla.%d.%d", content.ID, content.CreatedAt),
		Name:           content.RecipientName,
		To:             content.To,
		Subject:        page.Subject,
		Text:           page.Text(),
		HTML:           html,
		Lang:           locale.Lang,
		UnsubscribeURL: page.Unsubscribe.URL,
	})
}
