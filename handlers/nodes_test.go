package handlers_test

import (
	"testing"
	"time"

	"charla/db/dbtest"
)

// Two nodes share a database and nothing else: what one does, the other finds by looking.
func TestTwoNodesOnOneDatabase(t *testing.T) {
	url := dbtest.Postgres(t)
	here, there := openPostgres(t, url), openPostgres(t, url)
	ana, ben := here.person("Ana"), here.person("Ben")
	away := ben.clone()
	away.site = there
	stream := away.listen("/events?" + ana.with() + "&after=0")

	ana.say(ben.with(), "from the other node")
	start := time.Now()
	stream.brings("from the other node")
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("a message took %v to the other node", took)
	}
	away.get("/messages?"+ana.with(), asJSON).is(200).has("from the other node")

	ben.post("/logout", nil).is(303)
	start = time.Now()
	if names := stream.ends(); len(names) != 2 || names[0] != "logout" || names[1] != "bye" {
		t.Errorf("the stream on the other node heard %q", names)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("a log-out took %v to the other node", took)
	}
	away.get("/chat", asJSON).is(401)
}
