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

// atom returns an atom with the given content.
func atom(kind string, content ...string) string {
	all := strings.Join(content, "")
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(all)))) + kind + all
}

// wideAtom returns an atom with a 64-bit size.
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

// blanked returns what stripGPS turns an atom into.
func blanked(a string) string { return a[:4] + "free" + strings.Repeat("\x00", len(a)-8) }

func unchanged(a string) string { return a }

var (
	movieHeader = atom("mvhd", version, strings.Repeat("h", 96))
	mediaAtom   = atom("mdia",
		atom("hdlr", version, strings.Repeat("\x00", 4), "vide"),
		atom("minf", atom("stbl", atom("stco", version, "\x00\x00\x00\x01\x00\x00\x04\x00"))))
	pixels        = "pixels that begin like \x00\x00\x00\x10udta\xa9xyz" + coordinates
	mediaData     = atom("mdat", pixels)
	quickTimeKeys = atom("hdlr", version, "\x00\x00\x00\x00mdta") +
		atom("keys", version, "\x00\x00\x00\x01", atom("mdta", "com.apple.quicktime.location.ISO6709")) +
		atom("ilst", atom("\x00\x00\x00\x01", atom("data", "\x00\x00\x00\x01\x00\x00\x00\x00", coordinates)))
	titleAtom    = atom("\xa9nam", atom("data", "Malagueña"))
	locationAtom = atom("\xa9xyz", "\x00\x12\x15\xc7", coordinates)
	locationInfo = atom("loci", version, "\x15\xc7Puerta del Sol\x00\x01", coordinates)
	xmpAtom      = atom("uuid", xmpUUID, `<exif:GPSLatitude>40,25.008N</exif:GPSLatitude>`, coordinates)
)

// titleList returns the content of a list of titles, followed by another atom.
func titleList(more string) string {
	return atom("hdlr", version, "\x00\x00\x00\x00mdirappl") + atom("ilst", titleAtom, more)
}

// mp4Samples builds files. It calls strip for each atom that stripGPS must blank.
var mp4Samples = map[string]func(strip func(string) string) string{
	"Android": func(strip func(string) string) string {
		return ftyp(isomBrands) + mediaData +
			atom("moov", movieHeader, atom("udta", strip(locationAtom)), atom("trak", mediaAtom))
	},
	"3GPP": func(strip func(string) string) string {
		return ftyp("3gp4\x00\x00\x00\x003gp4") + atom("moov", movieHeader,
			atom("trak", mediaAtom, atom("udta", strip(locationInfo))),
			atom("udta", strip(locationInfo), strip(locationAtom))) + mediaData
	},
	"iPhone": func(strip func(string) string) string { // meta atoms without a version, user data that ends with zeros
		return ftyp("qt  \x00\x00\x00\x00qt  ") + atom("wide") + wideAtom("mdat", pixels) + atom("moov", movieHeader,
			atom("trak", mediaAtom, strip(atom("meta", quickTimeKeys))),
			strip(atom("meta", quickTimeKeys)),
			atom("udta", strip(locationAtom), "\x00\x00\x00\x00"))
	},
	"old QuickTime": func(strip func(string) string) string {
		return atom("moov", movieHeader, atom("udta", strip(locationAtom))) + mediaData
	},
	"a list of keys beside a list of titles": func(strip func(string) string) string {
		return ftyp(isomBrands) + atom("moov", movieHeader, atom("udta",
			strip(atom("meta", version, quickTimeKeys)),
			atom("meta", version, titleList(strip(locationAtom))))) + mediaData
	},
	"XMP metadata": func(strip func(string) string) string {
		return ftyp(isomBrands) + atom("moov", movieHeader, atom("trak", mediaAtom), strip(xmpAtom)) + strip(xmpAtom) +
			strip(atom("uuid", "another sixteen!", "and more")) + mediaData
	},
	"a song": func(func(string) string) string {
		return ftyp("M4A \x00\x00\x02\x00isomiso2") + atom("moov", movieHeader,
			atom("udta", atom("chpl", "verse"), atom("meta", version, titleList("")))) + mediaData
	},
	"a last atom without a size": func(strip func(string) string) string {
		return ftyp(isomBrands) + mediaData + "\x00\x00\x00\x00moov" + movieHeader + atom("udta", strip(locationAtom))
	},
	"an atom larger than the buffer of zeros": func(strip func(string) string) string {
		large := atom("smta", strings.Repeat(coordinates, 5000))
		return ftyp(isomBrands) + atom("moov", movieHeader, atom("udta", strip(large))) + mediaData
	},
}

// TestGPSIsStripped checks that files are stored without the location and otherwise unchanged, on disk and in S3,
// which verifies the checksum.
func TestGPSIsStripped(t *testing.T) {
	forEachBackend(t, func(t *testing.T, store *storage.Store) {
		for name, build := range mp4Samples {
			t.Run(name, func(t *testing.T) { checkStripped(t, store, build(unchanged), build(blanked)) })
		}
	})
}

func checkStripped(t *testing.T, store *storage.Store, sent, want string) {
	t.Helper()
	in := receive(t, store, []byte(sent))
	sum := sha256.Sum256([]byte(sent))
	if in.Hash() != hex.EncodeToString(sum[:]) {
		t.Error("the hash is not the one of the bytes as they were sent")
	}
	for range 2 { // Commit may be called again
		blob, err := in.Commit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		stored, _ := read(t, store, blob.Object, chat.VariantOriginal)
		if string(stored) != want {
			t.Errorf("stored:\n%.900q\nwant:\n%.900q", stored, want)
		}
		if blob.Hash != in.Hash() || blob.Size != int64(len(sent)) {
			t.Errorf("Commit returned %+v", blob)
		}
	}
}

// TestMalformedMP4 checks that files which are not valid MP4 are stored unchanged, and in bounded time. Their type says
// so.
func TestMalformedMP4(t *testing.T) {
	store := openLocal(t, t.TempDir())
	big := string(binary.BigEndian.AppendUint64(nil, 1<<63))
	negative := string(binary.BigEndian.AppendUint64(nil, 1<<64-1))
	location := atom("udta", locationAtom)
	const wideMoov = "\x00\x00\x00\x01moov"
	for name, sent := range map[string]string{
		"HEIC image": ftyp("heic\x00\x00\x00\x00mif1heic") + atom("meta", version, quickTimeKeys) +
			atom("moov", location),
		"text":                         "Good morning. " + atom("moov", location),
		"atom smaller than its header": ftyp(isomBrands) + atom("moov", "\x00\x00\x00\x04trak", location),
		"atom larger than its parent":  ftyp(isomBrands) + atom("moov", "\x00\x00\xff\xfftrak", location),
		"atom larger than the file":    ftyp(isomBrands) + "\x7f\xff\xff\xffmoov" + location,
		"atom of 2^63 bytes":           ftyp(isomBrands) + wideMoov + big + location,
		"atom of 2^64-1 bytes":         ftyp(isomBrands) + wideMoov + negative + location,
		"wide atom of 8 bytes": ftyp(isomBrands) +
			wideMoov + "\x00\x00\x00\x00\x00\x00\x00\x08" + location,
		"wide atom without its size": ftyp(isomBrands) + wideMoov + "\x00\x00",
		"a million atoms before the location": ftyp(isomBrands) +
			strings.Repeat(atom("moof"), 1_000_000) + atom("moov", location),
	} {
		t.Run(name, func(t *testing.T) {
			blob := commit(t, store, []byte(sent))
			stored, _ := read(t, store, blob.Object, chat.VariantOriginal)
			unchanged := chat.File{Type: blob.Type}.IsUnchanged()
			if string(stored) != sent || unchanged == (name == "text") {
				t.Errorf("stored %.200q as %s", stored, blob.Type)
			}
		})
	}
}

// FuzzStripGPS checks that stripGPS never changes the length of a file and changes nothing when it runs again.
func FuzzStripGPS(f *testing.F) {
	for _, build := range mp4Samples {
		f.Add([]byte(build(unchanged)))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		once, err := storage.StripGPS(sent)
		if err != nil || len(once) != len(sent) {
			t.Fatalf("StripGPS returned %d bytes of %d, %v", len(once), len(sent), err)
		}
		if again, err := storage.StripGPS(once); err != nil || !bytes.Equal(once, again) {
			t.Fatalf("the second StripGPS changed the file, error %v", err)
		}
	})
}
