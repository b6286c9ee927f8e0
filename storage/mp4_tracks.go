package storage

import (
	"encoding/binary"
	"slices"
)

// track is what is known about a track: its type of media, its codec, and the tables with the positions of its samples.
type track struct {
	handler string // vide, soun or something else
	codec   string // of the first sample description
	tables  map[string]atom
}

// visitTrack keeps tracks with video or sound. It erases any other track with its samples: browsers do not show it, and
// it may contain where the file was recorded, because cameras and drones store their position every second, sometimes
// as subtitles.
func (f *mp4File) visitTrack(a atom) error {
	t := track{tables: map[string]atom{}}
	before := len(f.erased)
	if err := f.describeTrack(&t, "trak", a); err != nil {
		return err
	}
	f.erased = f.erased[:before]
	switch t.handler {
	case "vide":
		f.video = append(f.video, t.codec)
	case "soun":
		f.sound = true
	default:
		f.telemetry = true
		if err := f.eraseSamples(t); err != nil {
			return err
		}
		return f.eraseAtom(a)
	}
	return f.eachAtom(a.content, a.end, func(inner atom) error { return f.visit("trak", inner) })
}

// describeTrack finds out what a track contains.
func (f *mp4File) describeTrack(t *track, parent string, a atom) error {
	return f.eachAtom(a.content, a.end, func(inner atom) error {
		switch inner.kind {
		case "mdia", "minf", "stbl":
			return f.describeTrack(t, inner.kind, inner)
		case "hdlr":
			b, err := f.read(inner.content, inner.end, 12)
			if err == nil && parent == "mdia" && len(b) == 12 {
				t.handler = string(b[8:])
			}
			return err
		case "stsd":
			b, err := f.read(inner.content, inner.end, 16)
			if err == nil && len(b) == 16 {
				t.codec = string(b[12:])
			}
			return err
		}
		t.tables[inner.kind] = inner
		return nil
	})
}

// maxTableBytes is the maximum size of a table of sample sizes or positions.
const maxTableBytes = 8 << 20

// table returns the content of a table of a track after its version, or nothing if the track has no such table.
func (f *mp4File) table(t track, kind string) ([]byte, error) {
	a, ok := t.tables[kind]
	if !ok {
		return nil, nil
	}
	if a.end-a.content < 8 || a.end-a.content > maxTableBytes {
		return nil, errNotMP4
	}
	b, err := f.read(a.content, a.end, maxTableBytes)
	return b[4:], err
}

// eraseSamples erases the samples of a track. They lie in chunks: stsc says how many samples the chunks have, and the
// other tables where the chunks begin and how long the samples are.
func (f *mp4File) eraseSamples(t track) error {
	size, count, err := f.sampleSizes(t)
	if err != nil {
		return err
	}
	offsets, err := f.chunkOffsets(t)
	if err != nil {
		return err
	}
	chunks, err := f.table(t, "stsc")
	if err != nil {
		return err
	}
	chunks = chunks[min(4, len(chunks)):]
	perChunk, sample := uint32(0), 0
	for i, from := range offsets {
		for len(chunks) >= 12 && binary.BigEndian.Uint32(chunks) <= uint32(i+1) {
			perChunk, chunks = binary.BigEndian.Uint32(chunks[4:]), chunks[12:]
		}
		to := from
		for n := uint32(0); n < perChunk && sample < count; n++ {
			to += size(sample)
			sample++
		}
		if len(f.samples) == maxAtoms || from < 0 || to < from {
			return errNotMP4
		}
		f.samples = append(f.samples, span{from: from, to: to})
	}
	if sample < count {
		return errNotMP4
	}
	return nil
}

// eraseInMedia erases the samples that were found. They must lie in the atoms for media data.
func (f *mp4File) eraseInMedia() error {
	const maxMediaAtoms = 16
	if len(f.samples) > 0 && len(f.media) > maxMediaAtoms {
		return errNotMP4
	}
	for _, s := range f.samples {
		inside := func(m span) bool { return m.from <= s.from && s.to <= m.to }
		if s.from < s.to && !slices.ContainsFunc(f.media, inside) {
			return errNotMP4
		}
		if err := f.erase(s); err != nil {
			return err
		}
	}
	return nil
}

// sampleSizes returns the number of samples of a track, and a function that returns the size of each.
func (f *mp4File) sampleSizes(t track) (size func(int) int64, count int, err error) {
	b, err := f.table(t, "stsz")
	if err != nil {
		return nil, 0, err
	}
	if len(b) < 8 {
		if _, ok := t.tables["stz2"]; ok {
			return nil, 0, errNotMP4 // no program is known that writes this table
		}
		return nil, 0, nil
	}
	all, n := int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:]))
	if all > 0 {
		return func(int) int64 { return all }, int(min(n, f.size)), nil
	}
	if int64(len(b)) < 8+4*n {
		return nil, 0, errNotMP4
	}
	return func(i int) int64 { return int64(binary.BigEndian.Uint32(b[8+4*i:])) }, int(n), nil
}

// chunkOffsets returns where the chunks of a track begin.
func (f *mp4File) chunkOffsets(t track) (offsets []int64, err error) {
	for kind, width := range map[string]int{"stco": 4, "co64": 8} {
		b, err := f.table(t, kind)
		if err != nil {
			return nil, err
		}
		for i := 4; i+width <= len(b); i += width {
			if width == 4 {
				offsets = append(offsets, int64(binary.BigEndian.Uint32(b[i:])))
			} else {
				offsets = append(offsets, int64(binary.BigEndian.Uint64(b[i:])))
			}
		}
	}
	return offsets, nil
}
