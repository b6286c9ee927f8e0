package storage_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"charla/chat"
	"charla/storage"
)

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
	isVideo := atom("hdlr", version, version, "vide")
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
		"moov/udta with a title": atom("moov", video, atom("udta", atom("meta", version, titleList(locationAtom)))),
		"trak/udta":              atom("moov", movieHeader, atom("trak", mediaAtom, udta)),
		"mdia/udta":              atom("moov", video, deep("trak/mdia", isVideo+udta)),
		"minf/udta":              atom("moov", deep("trak/mdia", isVideo+atom("minf", udta))),
		"stbl/udta":              atom("moov", deep("trak/mdia", isVideo+deep("minf/stbl", udta))),
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
		"mvex/udta":              atom("moov", video, atom("mvex", atom("trex", version), udta)),
		"edts/udta":              atom("moov", deep("trak/edts", atom("elst", version)+udta), video),
		"tref/udta":              atom("moov", deep("trak/tref", udta), video),
		"tapt/udta":              atom("moov", deep("trak/tapt", atom("clef", version)+udta), video),
		"gmhd/udta":              atom("moov", deep("trak/mdia", isVideo+deep("minf/gmhd", udta))),
		"dinf/udta":              atom("moov", deep("trak/mdia", isVideo+deep("minf/dinf", udta))),
		"mfra/udta":              atom("moov", video) + atom("mfra", udta),
		"moof/meta":              atom("moov", video) + atom("moof", atom("mfhd", version), keys),
		"udta in udta":           atom("moov", video, atom("udta", udta)),
		"a cover": atom("moov", video, atom("udta", atom("meta", version,
			titleList(atom("covr", "Exif", place))))),
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
		if blob.Type != "video/mp4" ||
			bytes.Contains(stored, []byte("40.4168")) || bytes.Contains(stored, []byte("003.703")) ||
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
			"a PNG without pixels":  "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + numbers(5, 5) + "\x08\x02" + numbers(0, 0),
			"a GIF without frames":  "GIF89a\x05\x00\x05\x00\x00\x00\x00;",
			"a WebP without pixels": "RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00" + strings.Repeat("\x00", 10),
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
