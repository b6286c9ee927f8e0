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

// numbers returns numbers of 32 bits.
func numbers(all ...uint32) string {
	var b []byte
	for _, n := range all {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return string(b)
}

// trackOf returns a track with the given handler and codec, and the samples of one chunk.
func trackOf(handler, codec string, chunk uint32, samples ...uint32) string {
	return atom("trak", atom("tkhd", version), atom("mdia", atom("hdlr", version, version, handler),
		atom("minf", atom("stbl", atom("stsd", version, numbers(1), atom(codec, "description")),
			atom("stsz", version, numbers(0, uint32(len(samples))), numbers(samples...)),
			atom("stsc", version, numbers(1, 1, uint32(len(samples)), 1)),
			atom("stco", version, numbers(1, chunk))))))
}

// TestPlaceInAnyAtom checks that a place is removed wherever it stands, or that the type of the file says that it is
// stored unchanged. The pixels and the sound stay where they are.
func TestPlaceInAnyAtom(t *testing.T) {
	store := openLocal(t, t.TempDir())
	place := "geo:" + coordinates
	udta := atom("udta", atom("\xa9xyz", place))
	media := "pixels and sound"
	video := trackOf("vide", "avc1", 0, 8, 8)
	keys := atom("meta", version, quickTimeKeys)
	deep := func(parents string, inner string) string {
		all := strings.Split(parents, "/")
		for i := len(all) - 1; i >= 0; i-- {
			inner = atom(all[i], inner)
		}
		return inner
	}
	for name, sent := range map[string]string{
		"moov/udta":              atom("moov", movieHeader, video, udta),
		"moov/udta with a title": atom("moov", movieHeader, video, atom("udta", atom("meta", version, titleList(locationAtom)))),
		"trak/udta":              atom("moov", movieHeader, atom("trak", mediaAtom, udta)),
		"mdia/udta":              atom("moov", video, deep("trak/mdia", atom("hdlr", version, version, "vide")+udta)),
		"minf/udta":              atom("moov", deep("trak/mdia", atom("hdlr", version, version, "vide")+atom("minf", udta))),
		"stbl/udta":              atom("moov", deep("trak/mdia", atom("hdlr", version, version, "vide")+deep("minf/stbl", udta))),
		"moof/udta":              atom("moov", video) + atom("moof", atom("mfhd", version), udta),
		"traf/udta":              atom("moov", video) + deep("moof/traf", atom("tfhd", version)+udta),
		"traf/meta":              atom("moov", video) + deep("moof/traf", keys),
		"udta of the file":       atom("moov", video) + udta,
		"meta of the file":       atom("moov", video) + keys,
		"moov/meta":              atom("moov", video, keys),
		"trak/meta":              atom("moov", atom("trak", mediaAtom, keys)),
		"loci":                   atom("moov", video, atom("udta", locationInfo)),
		"free":                   atom("moov", video) + atom("free", place),
		"skip in moov":           atom("moov", video, atom("skip", place)),
		"wide with content":      atom("moov", video) + atom("wide", place),
		"a large free":           atom("moov", video) + wideAtom("free", place),
		"any uuid":               atom("moov", video) + atom("uuid", "sixteen letters.", place),
		"an unknown atom":        atom("moov", video) + atom("GPS ", place),
		"trailing bytes":         atom("moov", video) + place,
		"a few trailing bytes":   atom("moov", video) + "+40-003",
		"after the user data":    atom("moov", video, atom("udta", "\x00\x00\x00\x00\x00\x00\x00\x00", place)),
		"invalid user data":      atom("moov", video, atom("udta", "\x00\x00\x00\x03bad!", place)),
		"a broken track":         atom("moov", video, atom("trak", "\x7f\x00\x00\x00bad!", place)),
		"a cover":                atom("moov", video, atom("udta", atom("meta", version, titleList(atom("covr", "Exif", place))))),
	} {
		sent = ftyp(isomBrands) + atom("mdat", media) + sent
		blob := commit(t, store, []byte(sent))
		stored, _ := read(t, store, blob.Object, chat.VariantOriginal)
		leaks := bytes.Contains(stored, []byte("40.4168")) || bytes.Contains(stored, []byte("+40-003"))
		if unchanged := (chat.File{Type: blob.Type}).IsUnchanged(); leaks != unchanged {
			t.Errorf("%s: stored as %s, with the place: %v", name, blob.Type, leaks)
		}
		if len(stored) != len(sent) || !bytes.Contains(stored, []byte(media)) {
			t.Errorf("%s: the media data changed", name)
		}
	}
}

// TestTelemetryIsErased checks that a track with positions is erased together with its samples.
func TestTelemetryIsErased(t *testing.T) {
	store := openLocal(t, t.TempDir())
	for _, kind := range []string{"meta/gpmd", "text/tx3g", "sbtl/tx3g", "camm/camm"} {
		handler, codec, _ := strings.Cut(kind, "/")
		start := ftyp(isomBrands)
		at := uint32(len(start) + 8)
		sent := start + atom("mdat", "PIXELS01", "+40.4168", "-003.703", "PIXELS02") + atom("moov", movieHeader,
			trackOf("vide", "avc1", at, 8), trackOf(handler, codec, at+8, 8, 8))
		blob := commit(t, store, []byte(sent))
		stored, _ := read(t, store, blob.Object, chat.VariantOriginal)
		if blob.Type != "video/mp4" || bytes.Contains(stored, []byte("40.4168")) || bytes.Contains(stored, []byte("003.703")) ||
			!bytes.Contains(stored, []byte("PIXELS01\x00\x00")) || !bytes.Contains(stored, []byte("PIXELS02")) ||
			bytes.Contains(stored, []byte(codec)) || len(stored) != len(sent) {
			t.Errorf("%s: stored %q as %s", kind, stored, blob.Type)
		}
		invalid := strings.Replace(sent, numbers(1, at+8), numbers(1, 1<<30), 1)
		if blob := commit(t, store, []byte(invalid)); !(chat.File{Type: blob.Type}).IsUnchanged() {
			t.Errorf("%s with samples beyond the file is stored as %s", kind, blob.Type)
		}
	}
}

// TestQuickTimeTypes checks that a QuickTime file with a codec that browsers play is stored as an MP4, so that all of
// them play it, and any other one as a file to download.
func TestQuickTimeTypes(t *testing.T) {
	store := openLocal(t, t.TempDir())
	for codec, want := range map[string]string{
		"avc1": "video/mp4", "hvc1": "video/mp4", "apcn": "video/quicktime", "jpeg": "video/quicktime",
	} {
		for _, start := range []string{ftyp("qt  \x00\x00\x00\x00qt  "), atom("wide")} {
			sent := start + atom("mdat", "pixels") + atom("moov", movieHeader, trackOf("vide", codec, 0, 1))
			blob := commit(t, store, []byte(sent))
			f := chat.File{Type: blob.Type}
			if blob.Type != want || f.IsPlayable() != (want == "video/mp4") {
				t.Errorf("%s after %q is stored as %s", codec, start, blob.Type)
			}
		}
	}
	sent := ftyp("qt  \x00\x00\x00\x00qt  ") + atom("mdat", "sound") + atom("moov", trackOf("soun", "mp4a", 0, 1))
	if blob := commit(t, store, []byte(sent)); blob.Type != "audio/mp4" {
		t.Errorf("sound is stored as %s", blob.Type)
	}
}

// TestUndecodablePictures checks that a picture that cannot be decoded is stored unchanged as a file, and that its type
// says so.
func TestUndecodablePictures(t *testing.T) {
	forEachBackend(t, func(t *testing.T, store *storage.Store) {
		for name, sent := range map[string]string{
			"a JPEG without pixels": string(testImage(t, 30, 20)[:300]) + "GPS",
			"a HEIC":                ftyp("heic\x00\x00\x00\x00mif1heic") + atom("meta", version, quickTimeKeys),
			"an AVIF":               ftyp("avif\x00\x00\x00\x00mif1avif") + atom("meta", version, quickTimeKeys),
			"a TIFF":                "II*\x00\x08\x00\x00\x00" + coordinates,
			"a PNG without pixels":  "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + numbers(5, 5) + "\x08\x02\x00\x00\x00abcd",
			"a GIF without frames":  "GIF89a\x05\x00\x05\x00\x00\x00\x00;",
			"a WebP without pixels": "RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		} {
			blob := commit(t, store, []byte(sent))
			stored, _ := read(t, store, blob.Object, chat.VariantOriginal)
			f := chat.File{Type: blob.Type, Width: blob.Width}
			if string(stored) != sent || f.IsImage() || !f.IsUnchanged() {
				t.Errorf("%s: stored %d bytes as %s, %d pixels wide", name, len(stored), blob.Type, blob.Width)
			}
		}
	})
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
