package main

import "slices"

// The dimensions of the drawing in pixels.
const (
	boxWidth    = 230
	headHeight  = 30
	rowHeight   = 20
	boxPad      = 6
	boxGap      = 24 // below a box; with headHeight and boxPad a multiple of rowHeight, so that rows align
	levelOffset = 6  // between the rows of two levels, so that no line runs along the rows of another level
	margin      = 24
	laneWidth   = 10 // between two parallel lines
)

// box is a table with its position in the drawing. A table without references to others has level 0; every other table
// stands to the right of the tables that it references.
type box struct {
	table
	level, x, y int
}

func (b box) height() int { return headHeight + len(b.columns)*rowHeight + boxPad }

// columnY returns the vertical position, in pixels, of the middle of a column's row.
func (b box) columnY(name string) int {
	i := slices.IndexFunc(b.columns, func(c column) bool { return c.Name == name })
	return b.y + headHeight + i*rowHeight + rowHeight/2
}

// connector is the line from a foreign key column to the column that it references.
type connector struct {
	from, to  box
	column    column
	exitX     int // the x at which the line leaves the level of its source
	crossingY int // the y above all boxes at which the line crosses levels in between, or 0 if there are none
	entryX    int // the x at which the line comes down to its target; used only with crossingY
}

func (l connector) isSelfReference() bool { return l.from.name == l.to.name }

// layout positions the tables and routes the lines between them. It also returns the size of the drawing in pixels.
func layout(tables []table) (boxes []box, lines []connector, width, height int) {
	levels := tableLevels(tables)
	byName := map[string]int{}
	for i, t := range tables {
		byName[t.name] = i
		boxes = append(boxes, box{table: t, level: levels[t.name]})
	}
	for i, b := range boxes {
		for _, c := range b.columns {
			if c.TargetTable.Valid {
				lines = append(lines, connector{from: boxes[i], to: boxes[byName[c.TargetTable.String]], column: c})
			}
		}
	}
	width, height = placeBoxes(boxes, lines)
	for i := range lines {
		lines[i].from, lines[i].to = boxes[byName[lines[i].from.name]], boxes[byName[lines[i].to.name]]
	}
	routeConnectors(lines)
	return boxes, lines, width, height
}

// tableLevels returns the level of each table: 0 if it references no other table, otherwise one more than the highest
// level that it references. Tables must come after the tables that they reference.
func tableLevels(tables []table) map[string]int {
	levels := map[string]int{}
	for _, t := range tables {
		for _, c := range t.columns {
			if to := c.TargetTable.String; c.TargetTable.Valid && to != t.name {
				levels[t.name] = max(levels[t.name], levels[to]+1)
			}
		}
	}
	return levels
}

// placeBoxes places the tables of each level below one another and returns the size of the drawing in pixels. It leaves
// room for the lines. To the left of each level there is room for the lines that begin or end there, and above all
// boxes for the lines that cross a level.
func placeBoxes(boxes []box, lines []connector) (width, height int) {
	gaps, crossing, last := map[int]int{}, 0, 0
	for _, l := range lines {
		switch {
		case l.isSelfReference():
			gaps[l.from.level+1]++
		case l.from.level-l.to.level > 1:
			gaps[l.to.level+1]++
			crossing++
			fallthrough
		default:
			gaps[l.from.level]++
		}
	}
	for _, b := range boxes {
		last = max(last, b.level)
	}
	x, y := map[int]int{0: margin}, map[int]int{}
	for level := 1; level <= last+1; level++ {
		x[level] = x[level-1] + boxWidth + 2*margin + gaps[level]*laneWidth
	}
	for i := range boxes {
		b := &boxes[i]
		b.x, b.y = x[b.level], margin+crossing*laneWidth+b.level*levelOffset+y[b.level]
		y[b.level] += b.height() + boxGap
		height = max(height, b.y+b.height()+margin)
	}
	return x[last+1] - margin, height
}

// routeConnectors sets the positions of the lines between two levels, so that no line covers another one.
func routeConnectors(lines []connector) {
	left, right := map[int]int{}, map[int]int{} // the number of used lanes on each side of a level
	crossing := 0
	for i := range lines {
		l := &lines[i]
		if l.isSelfReference() {
			l.exitX = l.from.x + boxWidth + margin
			continue
		}
		left[l.from.level]++
		l.exitX = l.from.x - margin/2 - left[l.from.level]*laneWidth
		if l.from.level-l.to.level > 1 {
			crossing++
			l.crossingY = margin/2 + crossing*laneWidth
			right[l.to.level]++
			l.entryX = l.to.x + boxWidth + margin/2 + right[l.to.level]*laneWidth
		}
	}
}
