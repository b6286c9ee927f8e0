package files_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"charla/chat"
	"charla/files"
)

// bx is a box with a content.
func bx(kind string, content ...string) string {
	all := strings.Join(content, "")
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(all)))) + kind + all
}

// wide is a box whose size stands after its kind.
func wide(kind, content string) string {
	return "\x00\x00\x00\x01" + kind + string(binary.BigEndian.AppendUint64(nil, uint64(16+len(content)))) + content
}

const (
	version = "\x00\x00\x00\x00"
	secret  = "+40.4168-003.7038/" // ISO 6709
	xmpID   = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"
	isom    = "isom\x00\x00\x02\x00isomiso2avc1mp41"
)

func ftyp(brands string) string { return bx("ftyp", brands) }

// free is what a box is to become.
func free(b string) string { return b[:4] + "free" + strings.Repeat("\x00", len(b)-8) }

var (
	head   = bx("mvhd", version, strings.Repeat("h", 96))
	media  = bx("mdia", bx("hdlr", version, strings.Repeat("\x00", 4), "vide"), bx("minf", bx("stco", version, "\x00\x00\x00\x01\x00\x00\x04\x00")))
	pixels = "pixels that begin like \x00\x00\x00\x10udta\xa9xyz" + secret
	keys   = bx("hdlr", version, "\x00\x00\x00\x00mdta") + bx("keys", version, "\x00\x00\x00\x01", bx("mdta", "com.apple.quicktime.location.ISO6709")) +
		bx("ilst", bx("\x00\x00\x00\x01", bx("data", "\x00\x00\x00\x01\x00\x00\x00\x00", secret)))
	title = bx("\xa9nam", bx("data", "Malagueña"))
	place = bx("\xa9xyz", "\x00\x12\x15\xc7", secret)
	loci  = bx("loci", version, "\x15\xc7Puerta del Sol\x00\x01", secret)
	xml   = bx("uuid", xmpID, `<exif:GPSLatitude>40,25.008N</exif:GPSLatitude>`, secret)
)

// songWith is a list of titles with something more in it.
func songWith(more string) string {
	return bx("hdlr", version, "\x00\x00\x00\x00mdirappl") + bx("ilst", title, more)
}

// films are files as they come and as they must be kept.
var films = map[string]struct{ sent, kept string }{
	"Android": {
		ftyp(isom) + bx("mdat", pixels) + bx("moov", head, bx("udta", place), bx("trak", media)),
		ftyp(isom) + bx("mdat", pixels) + bx("moov", head, bx("udta", free(place)), bx("trak", media)),
	},
	"3GPP": {
		ftyp("3gp4\x00\x00\x00\x003gp4") + bx("moov", head, bx("trak", media, bx("udta", loci)), bx("udta", loci, place)) + bx("mdat", pixels),
		ftyp("3gp4\x00\x00\x00\x003gp4") + bx("moov", head, bx("trak", media, bx("udta", free(loci))), bx("udta", free(loci), free(place))) + bx("mdat", pixels),
	},
	"iPhone": { // its lists begin without a version, its user data end with four zeros
		ftyp("qt  \x00\x00\x00\x00qt  ") + bx("wide") + wide("mdat", pixels) + bx("moov", head, bx("trak", media, bx("meta", keys)), bx("meta", keys), bx("udta", place, "\x00\x00\x00\x00")),
		ftyp("qt  \x00\x00\x00\x00qt  ") + bx("wide") + wide("mdat", pixels) + bx("moov", head, bx("trak", media, free(bx("meta", keys))), free(bx("meta", keys)), bx("udta", free(place), "\x00\x00\x00\x00")),
	},
	"QuickTime of old": {
		bx("moov", head, bx("udta", place)) + bx("mdat", pixels),
		bx("moov", head, bx("udta", free(place))) + bx("mdat", pixels),
	},
	"a list of keys beside one of titles": {
		ftyp(isom) + bx("moov", head, bx("udta", bx("meta", version, keys), bx("meta", version, songWith(place)))) + bx("mdat", pixels),
		ftyp(isom) + bx("moov", head, bx("udta", free(bx("meta", version, keys)), bx("meta", version, songWith(free(place))))) + bx("mdat", pixels),
	},
	"a packet of XMP": {
		ftyp(isom) + bx("moov", head, bx("trak", media), xml) + xml + bx("uuid", "another sixteen!", "and more") + bx("mdat", pixels),
		ftyp(isom) + bx("moov", head, bx("trak", media), free(xml)) + free(xml) + bx("uuid", "another sixteen!", "and more") + bx("mdat", pixels),
	},
	"a song": {
		ftyp("M4A \x00\x00\x02\x00isomiso2") + bx("moov", head, bx("udta", bx("chpl", "verse"), bx("meta", version, songWith("")))) + bx("mdat", pixels),
		ftyp("M4A \x00\x00\x02\x00isomiso2") + bx("moov", head, bx("udta", bx("chpl", "verse"), bx("meta", version, songWith("")))) + bx("mdat", pixels),
	},
	"the last box goes up to the end": {
		ftyp(isom) + bx("mdat", pixels) + "\x00\x00\x00\x00moov" + head + bx("udta", place),
		ftyp(isom) + bx("mdat", pixels) + "\x00\x00\x00\x00moov" + head + bx("udta", free(place)),
	},
	"a large box": { // longer than a piece of zeros
		ftyp(isom) + bx("moov", head, bx("udta", bx("smta", strings.Repeat(secret, 5000)))) + bx("mdat", pixels),
		ftyp(isom) + bx("moov", head, bx("udta", free(bx("smta", strings.Repeat(secret, 5000))))) + bx("mdat", pixels),
	},
}

// Films are kept without the place where they were made, and else byte for byte, on disk and in S3, which compares the sum.
func TestAFilmForgetsWhereItWasMade(t *testing.T) {
	vaults(t, func(t *testing.T, v *files.Vault) {
		for name, film := range films {
			t.Run(name, func(t *testing.T) {
				in := receive(t, v, []byte(film.sent))
				sum := sha256.Sum256([]byte(film.sent))
				if in.Hash() != hex.EncodeToString(sum[:]) {
					t.Error("the hash is not that of the bytes as they came")
				}
				for range 2 { // Keep may be called again
					content, err := in.Keep(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					b, _ := read(t, v, content.Object, chat.Whole)
					if string(b) != film.kept {
						t.Errorf("kept:\n%q\nnot\n%q", b, film.kept)
					}
					if bytes.Count(b, []byte(secret)) != strings.Count(film.kept, secret) || content.Hash != in.Hash() || content.Size != int64(len(film.sent)) {
						t.Errorf("%+v", content)
					}
				}
			})
		}
	})
}

// What is no film, or none as it should be, stays as it is, in bounded time.
func TestHostileFilms(t *testing.T) {
	v := local(t, t.TempDir())
	big := string(binary.BigEndian.AppendUint64(nil, 1<<63))
	negative := string(binary.BigEndian.AppendUint64(nil, 1<<64-1))
	for name, sent := range map[string]string{
		"a picture from a telephone":   ftyp("heic\x00\x00\x00\x00mif1heic") + bx("meta", version, keys) + bx("moov", bx("udta", place)),
		"no film":                      "Good morning. " + bx("moov", bx("udta", place)),
		"a box of no size":             ftyp(isom) + bx("moov", "\x00\x00\x00\x04trak", bx("udta", place)),
		"a box larger than its outer":  ftyp(isom) + bx("moov", "\x00\x00\xff\xfftrak", bx("udta", place)),
		"a box beyond the end":         ftyp(isom) + "\x7f\xff\xff\xffmoov" + bx("udta", place),
		"a box of 2^63 bytes":          ftyp(isom) + "\x00\x00\x00\x01moov" + big + bx("udta", place),
		"a box of 2^64-1 bytes":        ftyp(isom) + "\x00\x00\x00\x01moov" + negative + bx("udta", place),
		"a wide box of 8 bytes":        ftyp(isom) + "\x00\x00\x00\x01moov\x00\x00\x00\x00\x00\x00\x00\x08" + bx("udta", place),
		"a wide box without its size":  ftyp(isom) + "\x00\x00\x00\x01moov\x00\x00",
		"to the end, but not the last": ftyp(isom) + bx("moov", "\x00\x00\x00\x00udta", place) + bx("mdat"),
		"an empty list":                ftyp(isom) + bx("moov", bx("meta"), bx("meta", "\x00"), bx("uuid"), bx("udta")),
		"a box in a box in a box":      ftyp(isom) + strings.Repeat("\x00\x00\x00\x00moov", 100_000),
		"a million boxes":              ftyp(isom) + strings.Repeat(bx("moof"), 1_000_000) + bx("moov", bx("udta", place)),
	} {
		t.Run(name, func(t *testing.T) {
			content := keep(t, v, []byte(sent))
			if b, _ := read(t, v, content.Object, chat.Whole); string(b) != sent {
				t.Errorf("it is not what was sent: %.200q", b)
			}
		})
	}
}

// Whatever comes, its length stays, and what is done with it once is done.
func FuzzForgetPlace(f *testing.F) {
	for _, film := range films {
		f.Add([]byte(film.sent))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		once, err := files.ForgetPlace(sent)
		if err != nil || len(once) != len(sent) {
			t.Fatalf("%d bytes of %d, %v", len(once), len(sent), err)
		}
		if again, err := files.ForgetPlace(once); err != nil || !bytes.Equal(once, again) {
			t.Fatalf("twice: %v", err)
		}
	})
}
