package storage_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"charla/chat"
	"charla/storage"
)

// atom is a box with a content.
func atom(kind string, content ...string) string {
	all := strings.Join(content, "")
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(all)))) + kind + all
}

// wideAtom is a box whose size stands after its kind.
func wideAtom(kind, content string) string {
	return "\x00\x00\x00\x01" + kind + string(binary.BigEndian.AppendUint64(nil, uint64(16+len(content)))) + content
}

const (
	version     = "\x00\x00\x00\x00"
	coordinates = "+40.4168-003.7038/" // ISO 6709
	xmpUUID     = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"
	isomBrands  = "isom\x00\x00\x02\x00isomiso2avc1mp41"
)

func ftyp(brands string) string { return atom("ftyp", brands) }

// blanked is what a box is to become.
func blanked(b string) string { return b[:4] + "free" + strings.Repeat("\x00", len(b)-8) }

var (
	movieHeader   = atom("mvhd", version, strings.Repeat("h", 96))
	mediaAtom     = atom("mdia", atom("hdlr", version, strings.Repeat("\x00", 4), "vide"), atom("minf", atom("stco", version, "\x00\x00\x00\x01\x00\x00\x04\x00")))
	mediaData     = "pixels that begin like \x00\x00\x00\x10udta\xa9xyz" + coordinates
	quickTimeKeys = atom("hdlr", version, "\x00\x00\x00\x00mdta") + atom("keys", version, "\x00\x00\x00\x01", atom("mdta", "com.apple.quicktime.location.ISO6709")) +
		atom("ilst", atom("\x00\x00\x00\x01", atom("data", "\x00\x00\x00\x01\x00\x00\x00\x00", coordinates)))
	titleAtom    = atom("\xa9nam", atom("data", "Malagueña"))
	locationAtom = atom("\xa9xyz", "\x00\x12\x15\xc7", coordinates)
	locationInfo = atom("loci", version, "\x15\xc7Puerta del Sol\x00\x01", coordinates)
	xmpAtom      = atom("uuid", xmpUUID, `<exif:GPSLatitude>40,25.008N</exif:GPSLatitude>`, coordinates)
)

// titleList is a list of titles with something more in it.
func titleList(more string) string {
	return atom("hdlr", version, "\x00\x00\x00\x00mdirappl") + atom("ilst", titleAtom, more)
}

// mp4Samples are files as they come and as they must be kept.
var mp4Samples = map[string]struct{ sent, kept string }{
	"Android": {
		ftyp(isomBrands) + atom("mdat", mediaData) + atom("moov", movieHeader, atom("udta", locationAtom), atom("trak", mediaAtom)),
		ftyp(isomBrands) + atom("mdat", mediaData) + atom("moov", movieHeader, atom("udta", blanked(locationAtom)), atom("trak", mediaAtom)),
	},
	"3GPP": {
		ftyp("3gp4\x00\x00\x00\x003gp4") + atom("moov", movieHeader, atom("trak", mediaAtom, atom("udta", locationInfo)), atom("udta", locationInfo, locationAtom)) + atom("mdat", mediaData),
		ftyp("3gp4\x00\x00\x00\x003gp4") + atom("moov", movieHeader, atom("trak", mediaAtom, atom("udta", blanked(locationInfo))), atom("udta", blanked(locationInfo), blanked(locationAtom))) + atom("mdat", mediaData),
	},
	"iPhone": { // its lists begin without a version, its user data end with four zeros
		ftyp("qt  \x00\x00\x00\x00qt  ") + atom("wide") + wideAtom("mdat", mediaData) + atom("moov", movieHeader, atom("trak", mediaAtom, atom("meta", quickTimeKeys)), atom("meta", quickTimeKeys), atom("udta", locationAtom, "\x00\x00\x00\x00")),
		ftyp("qt  \x00\x00\x00\x00qt  ") + atom("wide") + wideAtom("mdat", mediaData) + atom("moov", movieHeader, atom("trak", mediaAtom, blanked(atom("meta", quickTimeKeys))), blanked(atom("meta", quickTimeKeys)), atom("udta", blanked(locationAtom), "\x00\x00\x00\x00")),
	},
	"QuickTime of old": {
		atom("moov", movieHeader, atom("udta", locationAtom)) + atom("mdat", mediaData),
		atom("moov", movieHeader, atom("udta", blanked(locationAtom))) + atom("mdat", mediaData),
	},
	"a list of keys beside one of titles": {
		ftyp(isomBrands) + atom("moov", movieHeader, atom("udta", atom("meta", version, quickTimeKeys), atom("meta", version, titleList(locationAtom)))) + atom("mdat", mediaData),
		ftyp(isomBrands) + atom("moov", movieHeader, atom("udta", blanked(atom("meta", version, quickTimeKeys)), atom("meta", version, titleList(blanked(locationAtom))))) + atom("mdat", mediaData),
	},
	"a packet of XMP": {
		ftyp(isomBrands) + atom("moov", movieHeader, atom("trak", mediaAtom), xmpAtom) + xmpAtom + atom("uuid", "another sixteen!", "and more") + atom("mdat", mediaData),
		ftyp(isomBrands) + atom("moov", movieHeader, atom("trak", mediaAtom), blanked(xmpAtom)) + blanked(xmpAtom) + atom("uuid", "another sixteen!", "and more") + atom("mdat", mediaData),
	},
	"a song": {
		ftyp("M4A \x00\x00\x02\x00isomiso2") + atom("moov", movieHeader, atom("udta", atom("chpl", "verse"), atom("meta", version, titleList("")))) + atom("mdat", mediaData),
		ftyp("M4A \x00\x00\x02\x00isomiso2") + atom("moov", movieHeader, atom("udta", atom("chpl", "verse"), atom("meta", version, titleList("")))) + atom("mdat", mediaData),
	},
	"the last box goes up to the end": {
		ftyp(isomBrands) + atom("mdat", mediaData) + "\x00\x00\x00\x00moov" + movieHeader + atom("udta", locationAtom),
		ftyp(isomBrands) + atom("mdat", mediaData) + "\x00\x00\x00\x00moov" + movieHeader + atom("udta", blanked(locationAtom)),
	},
	"a large box": { // longer than a piece of zeros
		ftyp(isomBrands) + atom("moov", movieHeader, atom("udta", atom("smta", strings.Repeat(coordinates, 5000)))) + atom("mdat", mediaData),
		ftyp(isomBrands) + atom("moov", movieHeader, atom("udta", blanked(atom("smta", strings.Repeat(coordinates, 5000))))) + atom("mdat", mediaData),
	},
}

// Films are kept without the place where they were made, and else byte for byte, on disk and in S3, which compares the sum.
func TestGPSIsStripped(t *testing.T) {
	forEachBackend(t, func(t *testing.T, v *storage.Store) {
		for name, film := range mp4Samples {
			t.Run(name, func(t *testing.T) {
				in := receive(t, v, []byte(film.sent))
				sum := sha256.Sum256([]byte(film.sent))
				if in.Hash() != hex.EncodeToString(sum[:]) {
					t.Error("the hash is not that of the bytes as they came")
				}
				for range 2 { // Keep may be called again
					content, err := in.Commit(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					b, _ := read(t, v, content.Object, chat.VariantOriginal)
					if string(b) != film.kept {
						t.Errorf("kept:\n%q\nnot\n%q", b, film.kept)
					}
					if bytes.Count(b, []byte(coordinates)) != strings.Count(film.kept, coordinates) || content.Hash != in.Hash() || content.Size != int64(len(film.sent)) {
						t.Errorf("%+v", content)
					}
				}
			})
		}
	})
}

// What is no film, or none as it should be, stays as it is, in bounded time.
func TestMalformedMP4(t *testing.T) {
	v := openLocal(t, t.TempDir())
	big := string(binary.BigEndian.AppendUint64(nil, 1<<63))
	negative := string(binary.BigEndian.AppendUint64(nil, 1<<64-1))
	for name, sent := range map[string]string{
		"a picture from a telephone":   ftyp("heic\x00\x00\x00\x00mif1heic") + atom("meta", version, quickTimeKeys) + atom("moov", atom("udta", locationAtom)),
		"no film":                      "Good morning. " + atom("moov", atom("udta", locationAtom)),
		"a box of no size":             ftyp(isomBrands) + atom("moov", "\x00\x00\x00\x04trak", atom("udta", locationAtom)),
		"a box larger than its outer":  ftyp(isomBrands) + atom("moov", "\x00\x00\xff\xfftrak", atom("udta", locationAtom)),
		"a box beyond the end":         ftyp(isomBrands) + "\x7f\xff\xff\xffmoov" + atom("udta", locationAtom),
		"a box of 2^63 bytes":          ftyp(isomBrands) + "\x00\x00\x00\x01moov" + big + atom("udta", locationAtom),
		"a box of 2^64-1 bytes":        ftyp(isomBrands) + "\x00\x00\x00\x01moov" + negative + atom("udta", locationAtom),
		"a wide box of 8 bytes":        ftyp(isomBrands) + "\x00\x00\x00\x01moov\x00\x00\x00\x00\x00\x00\x00\x08" + atom("udta", locationAtom),
		"a wide box without its size":  ftyp(isomBrands) + "\x00\x00\x00\x01moov\x00\x00",
		"to the end, but not the last": ftyp(isomBrands) + atom("moov", "\x00\x00\x00\x00udta", locationAtom) + atom("mdat"),
		"an empty list":                ftyp(isomBrands) + atom("moov", atom("meta"), atom("meta", "\x00"), atom("uuid"), atom("udta")),
		"a box in a box in a box":      ftyp(isomBrands) + strings.Repeat("\x00\x00\x00\x00moov", 100_000),
		"a million boxes":              ftyp(isomBrands) + strings.Repeat(atom("moof"), 1_000_000) + atom("moov", atom("udta", locationAtom)),
	} {
		t.Run(name, func(t *testing.T) {
			content := commit(t, v, []byte(sent))
			if b, _ := read(t, v, content.Object, chat.VariantOriginal); string(b) != sent {
				t.Errorf("it is not what was sent: %.200q", b)
			}
		})
	}
}

// Whatever comes, its length stays, and what is done with it once is done.
func FuzzStripGPS(f *testing.F) {
	for _, film := range mp4Samples {
		f.Add([]byte(film.sent))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		once, err := storage.StripGPS(sent)
		if err != nil || len(once) != len(sent) {
			t.Fatalf("%d bytes of %d, %v", len(once), len(sent), err)
		}
		if again, err := storage.StripGPS(once); err != nil || !bytes.Equal(once, again) {
			t.Fatalf("twice: %v", err)
		}
	})
}
