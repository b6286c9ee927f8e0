package main

import "slices"

// The measures of the drawing, in pixels.
const (
	boxWidth    = 230
	headHeight  = 30
	rowHeight   = 20
	boxPad      = 6
	boxGap      = 24 // under a box: with head and pad a multiple of a row, so that the rows of a level stay in step
	levelOffset = 6  // that each level stands lower, so that no line runs along the rows of another level
	margin      = 24
	laneWidth   = 10 // between parallel lines
)

// box is a table with its place. Level 0 refers to nothing; a table stands right of all that it refers to.
type box struct {
	table
	level, x, y int
}

func (b box) height() int { return headHeight + len(b.columns)*rowHeight + boxPad }

// columnY returns the middle of a column's line.
func (b box) columnY(name string) int {
	i := slices.IndexFunc(b.columns, func(c column) bool { return c.Name == name })
	return b.y + headHeight + i*rowHeight + rowHeight/2
}

// connector is a reference from a column to another, and where it runs.
type connector struct {
	from, to  box
	column    column
	exitX     int // the x at which it leaves the level of its source
	crossingY int // the y above all boxes at which it crosses a level between, or 0
	entryX    int // the x at which it comes down to its target, where over is set
}

func (l connector) isSelfReference() bool { return l.from.name == l.to.name }

// layout places the tables and the lines; width and height are those of the picture.
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

// tableLevels returns how long a table's longest chain of references is. Tables refer only to tables made before them or
// to themselves.
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

// placeBoxes stacks the boxes of each level and leaves room for the lines: left of a level for those that leave or enter
// there, above all for those that cross a level.
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

// routeConnectors gives every line a lane of its own in each gap that it passes.
func routeConnectors(lines []connector) {
	left, right := map[int]int{}, map[int]int{} // lanes taken on each side of a level
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
