package storage

import (
	"bytes"
	"slices"
)

// keptAtoms are the atoms, by parent, that playing a file needs. Every other atom is erased, because it may contain
// where, when and with which device the file was recorded.
var keptAtoms = map[string][]string{
	"":     {"ftyp", "styp", "sidx", "ssix", "mdat"},
	"mfra": {"tfra", "mfro"},
	"moov": {"mvhd", "iods", "pssh"},
	"mvex": {"mehd", "trex", "leva"},
	"trak": {"tkhd", "load", "txas"},
	"edts": {"elst"},
	"tref": {"vdep", "auxl", "fall", "folw"},
	"tapt": {"clef", "prof", "enof"},
	"mdia": {"mdhd", "hdlr", "elng"},
	"minf": {"vmhd", "smhd", "sthd", "nmhd", "hdlr"},
	"dinf": {"dref"},
	"stbl": {
		"stsd", "stts", "ctts", "cslg", "stss", "stps", "stsh", "sdtp", "stsz", "stz2", "stsc", "stco", "co64", "padb",
		"stdp", "sbgp", "sgpd", "subs", "saiz", "saio",
	},
	"moof": {"mfhd", "pssh"},
	"traf": {"tfhd", "tfdt", "trun", "sdtp", "sbgp", "sgpd", "subs", "saiz", "saio", "senc"},
	"udta": {"chpl"}, // chapters
	"meta": {"hdlr"},
	"ilst": { // titles, and a cover
		"\xa9nam", "\xa9ART", "\xa9alb", "\xa9gen", "\xa9day", "\xa9wrt", "aART", "trkn", "disk", "gnre", "cpil",
		"pgap", "tmpo", "stik", "covr",
	},
}

// searchedAtoms are the atoms, by parent, whose content is searched.
var searchedAtoms = map[string][]string{
	"": {"moov", "moof", "mfra", "udta"}, "moov": {"trak", "mvex", "udta"},
	"trak": {"mdia", "edts", "tref", "tapt", "udta"}, "mdia": {"minf"}, "minf": {"stbl", "dinf"},
	"moof": {"traf"}, "meta": {"ilst"},
}

// findPrivate finds the metadata about where, when and with which device a file was recorded, and what its tracks are.
// It returns errNotMP4 if it does not understand the file, which is then kept as it is. The file may end with bytes
// that are not an atom; findPrivate marks them for erasing.
func (f *mp4File) findPrivate() error {
	f.atomsLeft = maxAtoms
	valid := int64(0)
	err := f.eachAtom(0, f.size, func(a atom) error {
		f.moov = f.moov || a.kind == "moov"
		if err := f.visit("", a); err != nil {
			return err
		}
		valid = a.end
		return nil
	})
	switch {
	case err == errNotMP4 && f.moov && len(f.media) > 0 && valid < f.size && f.atomsLeft > 0:
		if _, err := f.readHeader(valid, f.size); err != errNotMP4 {
			return errNotMP4 // the invalid atom lies inside another one
		}
		if err := f.erase(span{from: valid, to: f.size}); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	if f.telemetry && f.fragments { // the samples in fragments are not found
		return errNotMP4
	}
	return f.eraseInMedia()
}

// visit handles an atom inside a parent of the given kind.
func (f *mp4File) visit(parent string, a atom) error {
	switch {
	case a.content == a.end: // an empty atom has no data
		return nil
	case a.kind == "cmov" && parent == "moov": // compressed tracks
		return errNotMP4
	case a.kind == "trak" && parent == "moov":
		return f.visitTrack(a)
	case a.kind == "meta" && (parent == "moov" || parent == "udta"):
		return f.visitMeta(a)
	case a.kind == "covr" && parent == "ilst":
		return f.visitCover(a)
	case slices.Contains(keptAtoms[parent], a.kind):
		if a.kind == "mdat" {
			f.media = append(f.media, span{from: a.content, to: a.end})
		}
		return nil
	case slices.Contains(searchedAtoms[parent], a.kind):
		f.fragments = f.fragments || a.kind == "moof"
		before := len(f.erased)
		err := f.eachAtom(a.content, a.end, func(inner atom) error { return f.visit(a.kind, inner) })
		if err == errNotMP4 && a.kind == "udta" {
			f.erased = f.erased[:before]
			return f.eraseAtom(a)
		}
		return err
	}
	return f.eraseAtom(a)
}

// visitMeta handles a meta atom. With a keys atom inside, it may hold any metadata, such as
// com.apple.quicktime.location.ISO6709, and is erased. Without one, it lists titles and covers. Its atoms begin at once
// in QuickTime files, and after a version of four bytes in other files.
func (f *mp4File) visitMeta(a atom) error {
	start, err := f.read(a.content, a.end, 8)
	if err != nil {
		return err
	}
	from := a.content + 4
	if bytes.HasSuffix(start, []byte("hdlr")) {
		from = a.content
	}
	hasKeys := false
	findKeys := func(inner atom) error { hasKeys = hasKeys || inner.kind == "keys"; return nil }
	before := len(f.erased)
	if err := f.eachAtom(from, a.end, findKeys); err != nil || hasKeys || len(f.erased) > before {
		f.erased = f.erased[:before]
		return f.eraseAtom(a)
	}
	return f.eachAtom(from, a.end, func(inner atom) error { return f.visit("meta", inner) })
}

// visitCover erases a cover that has metadata of its own.
func (f *mp4File) visitCover(a atom) error {
	const maxCover = 4 << 20
	cover, err := f.read(a.content, a.end, maxCover)
	if err != nil {
		return err
	}
	for _, sign := range []string{"Exif", "eXIf", "adobe", "Photoshop"} {
		if len(cover) == maxCover || bytes.Contains(cover, []byte(sign)) {
			return f.eraseAtom(a)
		}
	}
	return nil
}

// playableCodecs are the video codecs of MP4 files that some browser plays.
var playableCodecs = []string{"avc1", "avc3", "hvc1", "hev1", "dvh1", "dvhe", "av01", "vp08", "vp09"}

// contentType returns the content type of a file in which findPrivate has found no fault. A QuickTime file with a codec
// that browsers play is an MP4, because some browsers do not play it under its own name.
func (f *mp4File) contentType(detected string) string {
	unplayable := func(codec string) bool { return !slices.Contains(playableCodecs, codec) }
	switch {
	case len(f.video) == 0 && f.sound:
		return "audio/mp4"
	case len(f.video) == 0:
		return detected
	case detected != "video/mp4" && slices.ContainsFunc(f.video, unplayable):
		return detected
	}
	return "video/mp4"
}
