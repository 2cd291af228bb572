package review

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// short is the most characters of two values that are printed on one line.
const short = 60

// context is how many unchanged lines are printed around a changed one.
const context = 2

// Print writes items as text, and at the end how many there are.
func Print(w io.Writer, items []Item) error {
	b := bufio.NewWriter(w)
	count := map[Kind]int{}
	for _, item := range items {
		count[item.Kind]++
		fmt.Fprintf(b, "%c %s", item.Kind, item.Name)
		if item.Summary != "" {
			fmt.Fprintf(b, "  %s", item.Summary)
		}
		b.WriteByte('\n')
		for _, c := range item.Changes {
			c.print(b)
		}
	}
	if len(items) == 0 {
		b.WriteString("no difference\n")
	} else {
		fmt.Fprintf(b, "%d added, %d removed, %d changed\n", count[Added], count[Removed], count[Changed])
	}
	return b.Flush()
}

func (c *Change) print(b *bufio.Writer) {
	switch {
	case c.Old == nil && oneLine(*c.New):
		fmt.Fprintf(b, "    + %s: %s\n", c.Setting, *c.New)
	case c.New == nil && oneLine(*c.Old):
		fmt.Fprintf(b, "    - %s: %s\n", c.Setting, *c.Old)
	case c.Old != nil && c.New != nil && oneLine(*c.Old) && oneLine(*c.New) && utf8.RuneCountInString(*c.Old)+utf8.RuneCountInString(*c.New) <= short:
		fmt.Fprintf(b, "    %s: %s → %s\n", c.Setting, *c.Old, *c.New)
	default:
		fmt.Fprintf(b, "    %s\n", c.Setting)
		printLines(b, lines(c.Old), lines(c.New))
	}
}

func oneLine(s string) bool { return !strings.Contains(s, "\n") }

func lines(text *string) []string {
	if text == nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(*text, "\r\n", "\n"), "\n"), "\n")
}

// printLines writes the changed lines, with some unchanged ones around them.
func printLines(b *bufio.Writer, old, now []string) {
	script := edits(old, now)
	gap := false
	for i, e := range script {
		if e.kind == ' ' && !near(script, i) {
			gap = true
			continue
		}
		if gap {
			b.WriteString("        …\n")
			gap = false
		}
		fmt.Fprintf(b, "      %c %s\n", e.kind, e.line)
	}
	if gap {
		b.WriteString("        …\n")
	}
}

func near(script []edit, i int) bool {
	for j := max(0, i-context); j < min(len(script), i+context+1); j++ {
		if script[j].kind != ' ' {
			return true
		}
	}
	return false
}

// edit is one line: kept (' '), removed or added.
type edit struct {
	kind byte
	line string
}

// maxCells bounds the work of comparing two texts line by line; larger ones
// are shown as replaced whole.
const maxCells = 4 << 20

// edits turns old into now with the fewest removed and added lines.
func edits(old, now []string) (script []edit) {
	from := 0
	for from < min(len(old), len(now)) && old[from] == now[from] {
		from++
	}
	tail := 0
	for tail < min(len(old), len(now))-from && old[len(old)-1-tail] == now[len(now)-1-tail] {
		tail++
	}
	script = append(script, kept(old[:from])...)
	script = append(script, middle(old[from:len(old)-tail], now[from:len(now)-tail])...)
	return append(script, kept(old[len(old)-tail:])...)
}

func kept(lines []string) (script []edit) {
	for _, line := range lines {
		script = append(script, edit{' ', line})
	}
	return script
}

// middle is edits for texts that differ at both ends.
func middle(old, now []string) (script []edit) {
	common := table(old, now)
	i, j := 0, 0
	for i < len(old) && j < len(now) && common != nil {
		switch {
		case old[i] == now[j]:
			script = append(script, edit{' ', old[i]})
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			script = append(script, edit{'-', old[i]})
			i++
		default:
			script = append(script, edit{'+', now[j]})
			j++
		}
	}
	for ; i < len(old); i++ {
		script = append(script, edit{'-', old[i]})
	}
	for ; j < len(now); j++ {
		script = append(script, edit{'+', now[j]})
	}
	return script
}

// table has, for every two ends of the texts, how many lines they share in
// order; nil when the texts are too large.
func table(old, now []string) [][]int32 {
	if (len(old)+1)*(len(now)+1) > maxCells {
		return nil
	}
	common := make([][]int32, len(old)+1)
	for i := range common {
		common[i] = make([]int32, len(now)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(now) - 1; j >= 0; j-- {
			if old[i] == now[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	return common
}
