package db

import "context"

// HasPeople reports whether a person has an account that is not deleted.
func (r reader) HasPeople(ctx context.Context) (has bool, err error) {
	const query = `
		SELECT EXISTS (SELECT 1 FROM users WHERE name <> '' AND owner_id = 0)`
	err = r.get(ctx, "check for people", &has, query)
	return has, err
}
