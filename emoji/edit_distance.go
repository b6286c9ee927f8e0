package emoji

// editDistance returns the number of typing errors that turn one word into the other: letters that were left out,
// added, replaced, or swapped with the next letter. It returns -1 if there are more errors than limit. The algorithm is
// the optimal string alignment variant of the Damerau–Levenshtein distance.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return -1
	}
	// Three rows of the matrix: the current one and the two before it.
	secondLast, last, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range current {
		current[j] = j
	}
	for i := 1; i <= len(a); i++ {
		secondLast, last, current = last, current, secondLast
		current[0] = i
		for j := 1; j <= len(b); j++ {
			current[j] = min(last[j]+1, current[j-1]+1, last[j-1]+substitutionCost(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], secondLast[j-2]+1)
			}
		}
	}
	if current[len(b)] > limit {
		return -1
	}
	return current[len(b)]
}

func substitutionCost(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}
