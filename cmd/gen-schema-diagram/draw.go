package main

import (
	"bytes"
	"fmt"
	"html"
)

// style follows the reader's choice of light or dark.
const style = `
svg { --paper: #fff; --box: #f6f8fa; --head: #dbe7f5; --edge: #8a99aa; --ink: #1c2733; --soft: #566575; --key: #8a5a00; --line: #3a6ea5 }
@media (prefers-color-scheme: dark) {
  svg { --paper: #14191f; --box: #1d252e; --head: #2b3c50; --edge: #56677a; --ink: #e6edf3; --soft: #9fb0c0; --key: #e3b45c; --line: #79b0ea }
}
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: var(--ink) }
.paper { fill: var(--paper) }
.box { fill: var(--box); stroke: var(--edge) }
.head { fill: var(--head); stroke: var(--edge) }
.name { font-weight: bold; font-size: 14px }
.type { fill: var(--soft); text-anchor: end }
.key { fill: var(--key); font-size: 10px }
.line { fill: none; stroke: var(--line); stroke-width: 1.5; stroke-linejoin: round }
.optional { stroke-dasharray: 5 4 }
.dot { fill: var(--line) }
`

// draw returns the diagram as SVG: the same bytes for the same schema.
func draw(tables []table) []byte {
	boxes, lines, width, height := layout(tables)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`, width, height, width, height)
	b.WriteString("\n<title>The tables of Charla</title>\n<desc>Made by go run ./cmd/charla-er. A line leads from a foreign key to what it refers to; a dashed one may be empty.</desc>\n")
	fmt.Fprintf(&b, "<style>%s</style>\n<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", style, width, height)
	for _, l := range lines {
		drawConnector(&b, l)
	}
	for _, box := range boxes {
		drawBox(&b, box)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func drawBox(b *bytes.Buffer, t box) {
	fmt.Fprintf(b, "<g>\n<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>\n", t.x, t.y, boxWidth, t.height())
	fmt.Fprintf(b, "<rect class=\"head\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>\n", t.x, t.y, boxWidth, headHeight-4)
	drawText(b, "name", t.x+10, t.y+18, t.name)
	for _, c := range t.columns {
		y := t.columnY(c.Name) + 4
		drawText(b, "key", t.x+8, y, keyMarks(c))
		drawText(b, "", t.x+52, y, c.Name)
		drawText(b, "type", t.x+boxWidth-10, y, typeLabel(c))
	}
	b.WriteString("</g>\n")
}

func keyMarks(c column) (marks string) {
	if c.PrimaryKey {
		marks = "PK "
	}
	if c.TargetTable.Valid {
		marks += "FK"
	}
	return marks
}

// typeLabel names the type, with a question mark where the column may be empty.
func typeLabel(c column) string {
	if c.Required {
		return c.Type
	}
	return c.Type + "?"
}

func drawText(b *bytes.Buffer, class string, x, y int, s string) {
	if s != "" {
		fmt.Fprintf(b, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", class, x, y, html.EscapeString(s))
	}
}

// drawConnector runs from the left side of the foreign key to the right side of its target, with a dot at its end.
func drawConnector(b *bytes.Buffer, l connector) {
	x, y := l.from.x, l.from.columnY(l.column.Name)
	endX, endY := l.to.x+boxWidth, l.to.columnY(l.column.TargetColumn.String)
	if l.isSelfReference() {
		x = endX
	}
	path := fmt.Sprintf("M%d %dH%d", x, y, l.exitX)
	if l.crossingY != 0 {
		path += fmt.Sprintf("V%dH%d", l.crossingY, l.entryX)
	}
	class := "line"
	if !l.column.Required {
		class += " optional"
	}
	fmt.Fprintf(b, "<path class=\"%s\" d=\"%sV%dH%d\"/>\n<circle class=\"dot\" cx=\"%d\" cy=\"%d\" r=\"3.5\"/>\n", class, path, endY, endX, endX, endY)
}
