package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// entry is one emoji in one language, as the source package describes it. It has only the fields that Charla uses.
type entry struct {
	Hexcode string
	Label   string
	Tags    []string
	Type    int // 1 if it is drawn as an emoji without a variation selector
	Group   *int
	Skins   []entry
	Tone    skinTones
}

// skinTones are the skin tones of a variant, each from 1 to 5. A variant has two of them if it shows two people with
// different tones.
type skinTones []int

// UnmarshalJSON reads skin tones, which are a number or a list of numbers in the source.
func (t *skinTones) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, (*[]int)(t))
	}
	*t = make(skinTones, 1)
	return json.Unmarshal(b, &(*t)[0])
}

// shortcodeList lists the shortcodes of one emoji, such as "tada". The source writes a single one without a list.
type shortcodeList []string

// UnmarshalJSON reads shortcodes, which are a string or a list of strings in the source.
func (c *shortcodeList) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(c))
	}
	*c = make(shortcodeList, 1)
	return json.Unmarshal(b, &(*c)[0])
}

// emojibase holds the data of the source package. Each of the two maps in shortcodes is keyed by the hexcode of an
// emoji; the first map has the best known shortcodes.
type emojibase struct {
	english, spanish []entry
	shortcodes       [2]map[string]shortcodeList
}

func unpack(packed []byte) (s emojibase, err error) {
	files := map[string]any{
		"package/en/data.json":                 &s.english,
		"package/es/data.json":                 &s.spanish,
		"package/en/shortcodes/github.json":    &s.shortcodes[0],
		"package/en/shortcodes/emojibase.json": &s.shortcodes[1],
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return s, err
	}
	archive := tar.NewReader(unzipped)
	for {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return s, err
		}
		if into := files[head.Name]; into != nil {
			if err := json.NewDecoder(archive).Decode(into); err != nil {
				return s, fmt.Errorf("%s: %w", head.Name, err)
			}
			delete(files, head.Name)
		}
	}
	if len(files) > 0 {
		return s, fmt.Errorf("the package does not contain %v", files)
	}
	return s, nil
}
