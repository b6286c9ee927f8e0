package markdown

import "strings"

// HasLink reports whether the HTML of a message, as Render returns it, has a link that its author wrote.
func HasLink(html string) bool { return strings.Contains(html, ` rel="nofollow `) }
