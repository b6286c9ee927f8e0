package chat

import (
	"context"
	"errors"
	"time"
)

// handedResetLinkLifetime is how long a link of CreateResetLink or CreateResetLinkFor is valid. It is longer than for
// links in e-mails, because a person has to pass the link on to another.
const handedResetLinkLifetime = Timestamp(time.Hour / time.Microsecond)

// MakeAdminByEmail makes the person with an e-mail address an admin of the community. An owner stays the owner. It is
// for the operator, who has access to the database. The command runs beside the server, whose nodes notice the change
// in the database, so no event is published. It returns NotFound if no account has the address, Conflict if the
// person is disabled, and Forbidden for a bot.
func (s *Service) MakeAdminByEmail(ctx context.Context, email string) (user User, err error) {
	err = s.store.InTx(ctx, func(tx Tx) error {
		if _, _, err = tx.LockRoom(ctx, General); err != nil { // as always before users
			return err
		}
		user, err = personByEmail(ctx, tx, email)
		if err != nil || user.Role.AtLeast(RoleAdmin) {
			return err
		}
		_, err = changeRole(ctx, tx, user, RoleAdmin, s.now())
		return err
	})
	return user, err
}

// CreateResetLink returns the token of a link with which the person with an e-mail address chooses a new password. It
// works once. It is for the operator, who gives the link to the person; using it does not prove that the person owns
// the address. The errors are those of MakeAdminByEmail.
func (s *Service) CreateResetLink(ctx context.Context, email string) (user User, token string, err error) {
	token = newToken()
	err = s.store.InTx(ctx, func(tx Tx) error {
		if user, err = personByEmail(ctx, tx, email); err != nil {
			return err
		}
		return tx.InsertEmailToken(ctx, EmailToken{
			Hash: hashToken(token), Kind: EmailTokenReset, User: user.ID,
			ExpiresAt: s.now() + handedResetLinkLifetime,
		})
	})
	return user, token, err
}

// CreateResetLinkFor returns the token of a link with which a person chooses a new password, and when it expires. The
// link works like one of CreateResetLink, but an admin makes it. CreateResetLinkFor returns Forbidden if the acting
// user is not an admin, if the person is a bot, and if the person is the owner of the community and not the acting
// user. It returns Conflict if the person is disabled, and ErrNotFound if there is no such person.
func (s *Service) CreateResetLinkFor(
	ctx context.Context, by User, id int64,
) (user User, token string, expires Timestamp, err error) {
	token, expires = newToken(), s.now()+handedResetLinkLifetime
	err = s.inManagerTx(ctx, by, id, ManagePeople, func(tx Tx, actor, target User) error {
		switch user = target; {
		case target.IsBot():
			return errNotForBots
		case target.Disabled():
			return errDeactivated
		case target.Role == RoleOwner && actor.ID != target.ID: // an admin could take the community over
			return Errorf(Forbidden, "Only the owner can do this.")
		}
		return tx.InsertEmailToken(ctx, EmailToken{
			Hash: hashToken(token), Kind: EmailTokenReset, User: target.ID, ExpiresAt: expires,
		})
	})
	return user, token, expires, err
}

// personByEmail locks and returns the enabled person with an e-mail address.
func personByEmail(ctx context.Context, tx Tx, email string) (User, error) {
	email, key, err := CleanEmail(email)
	if err != nil {
		return User{}, err
	}
	found, err := tx.UserByEmail(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return User{}, Errorf(NotFound, "There's no account with the e-mail address %s.", email)
	}
	if err != nil {
		return User{}, err
	}
	if found.IsBot() {
		return User{}, errNotForBots
	}
	user, err := lockUser(ctx, tx, found.ID)
	if errors.Is(err, ErrNotFound) {
		return User{}, errDeactivated
	}
	return user, err
}
