package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"charla/handlers/stream"
	"charla/handlers/web"
)

// GeneratedDocs returns the documentation that is generated from the routes and events, as a map from file name to
// content. In a Markdown file of dir only the text between "<!-- begin NAME -->" and "<!-- end NAME -->" is generated;
// the rest of the file is returned unchanged.
func GeneratedDocs(dir string) (map[string][]byte, error) {
	groups := (&Server{}).routeGroups()
	http, err := replaceBlocks(filepath.Join(dir, "http.md"), map[string]string{
		"routes":     web.RoutesMarkdown(groups),
		"parameters": web.QueryMarkdown(),
		"errors":     web.ErrorsMarkdown(),
	})
	if err != nil {
		return nil, err
	}
	events, err := replaceBlocks(filepath.Join(dir, "stream.md"), map[string]string{
		"events":         web.EventsMarkdown(stream.Docs, false),
		"browser events": web.EventsMarkdown(stream.Docs, true),
	})
	if err != nil {
		return nil, err
	}
	var openAPI bytes.Buffer
	if err := json.Indent(&openAPI, web.OpenAPI(groups, stream.Docs), "", "  "); err != nil {
		return nil, fmt.Errorf("indent openapi.json: %w", err)
	}
	openAPI.WriteString("\n")
	return map[string][]byte{"http.md": http, "stream.md": events, "openapi.json": openAPI.Bytes()}, nil
}

// replaceBlocks returns the text of a file in which the named blocks have new contents. A block is the text between its
// begin and end markers.
func replaceBlocks(file string, blocks map[string]string) ([]byte, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	text := string(content)
	for name, block := range blocks {
		begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->\n"
		before, rest, hasBegin := strings.Cut(text, begin)
		_, after, hasEnd := strings.Cut(rest, end)
		if !hasBegin || !hasEnd {
			return nil, fmt.Errorf("%s: no block %q", file, name)
		}
		text = before + begin + strings.TrimRight(block, "\n") + "\n" + end + after
	}
	return []byte(text), nil
}
