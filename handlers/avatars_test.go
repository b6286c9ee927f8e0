package handlers_test

import (
	"image"
	"strings"
	"testing"
)

func TestAvatar(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	ana, berta := s.newUser("Ana"), s.newUser("Berta")
	ana.postParts("/settings/avatar", []string{"<me.txt", "words"}).is(422).
		has("be shown. Use a JPEG, PNG, GIF or WebP file.")
	ana.postParts("/settings/avatar", nil, asJSON).isError(422, "invalid", "file")
	ana.postParts("/settings/avatar", []string{"<me.png", picture(300, 200)}).redirectsTo("/settings?saved=picture")
	m := ana.sendMessage("room=1", "it is me")
	url := m.From.Avatar
	contains(t, url, "/files/", "?size=square")
	face := berta.get(url).is(200)
	config, _, err := image.DecodeConfig(strings.NewReader(face.body))
	if err != nil || config.Width != 128 || config.Height != 128 {
		t.Errorf("the avatar is %+v, %v", config, err)
	}
	equal(t, "Cache-Control", face.header.Get("Cache-Control"), "private, max-age=3600")
	berta.get("/messages?room=1").is(200).shows("img[src='" + url + "']")
	for _, list := range []string{"/chat", "/rooms/1"} {
		berta.get(list, asJSON).is(200).has(`"avatar_url":"` + url + `"`)
	}
	s.anonymous().get(url).is(303)
	ana.get("/settings").shows("details.confirm:not([open]) > form[action='/settings/avatar'] > [name=remove][value='1']")
	equal(t, "ways to remove it", ana.get("/settings").elements("[name=remove]"), 1)
	ana.post("/settings/avatar", []string{"remove", "1"}, asJSON).is(204)
	berta.get(url).is(404)
	berta.get("/messages?room=1").is(200).lacks(url)
	equal(t, "blobs", s.count(`SELECT COUNT(*) FROM blobs`), 0)
}
