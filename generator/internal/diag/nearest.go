package diag

import (
	"fmt"
	"strings"
)

// DidYouMean returns help that names the candidate nearest to word, "" when none
// is near.
func DidYouMean(word string, candidates []string) string {
	if near := Nearest(word, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}

// NearOrFew returns help that names the candidate nearest to word, or when none is
// near some of those that owner has.
func NearOrFew(word, owner string, candidates []string) string {
	if help := DidYouMean(word, candidates); help != "" || len(candidates) == 0 {
		return help
	}
	return owner + " has " + Few(candidates)
}

// Few joins names, the first ones when they are many.
func Few(names []string) string {
	const few = 12
	if len(names) > few {
		return strings.Join(names[:few], ", ") + fmt.Sprintf(" and %d more", len(names)-few)
	}
	return strings.Join(names, ", ")
}

// Nearest returns the candidate that word is most likely a slip of, "" when none is
// close: letter case is free, and one edit is allowed for every three letters.
func Nearest(word string, candidates []string) string {
	nearest, least := "", -1
	w := []rune(strings.ToLower(word))
	for _, candidate := range candidates {
		c := []rune(strings.ToLower(candidate))
		d := distance(w, c)
		if d <= max(len(w), len(c))/3 && (least < 0 || d < least) {
			nearest, least = candidate, d
		}
	}
	return nearest
}

// distance counts the letters to insert, delete, change or swap with their
// neighbour to make b of a (optimal string alignment).
func distance(a, b []rune) int {
	var before []int // the row above the last
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
