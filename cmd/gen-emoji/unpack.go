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

// entry is what Charla uses of an emoji in one language.
type entry struct {
	Hexcode string
	Label   string
	Tags    []string
	Type    int // 1 if it is drawn as an emoji without a variation selector
	Group   *int
	Skins   []entry
	Tone    skinTones
}

// skinTones are the skin tones of a variant, from 1 to 5. There are two if two people have different ones.
type skinTones []int

// UnmarshalJSON reads a number or a list of numbers.
func (t *skinTones) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, (*[]int)(t))
	}
	*t = make(skinTones, 1)
	return json.Unmarshal(b, &(*t)[0])
}

// shortcodeList lists the shortcodes of an emoji.
type shortcodeList []string

// UnmarshalJSON reads a string or a list of strings.
func (c *shortcodeList) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(c))
	}
	*c = make(shortcodeList, 1)
	return json.Unmarshal(b, &(*c)[0])
}

// emojibase holds the data of the source package. Shortcodes are keyed by hexcode; the list with the best known
// shortcodes comes first.
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
