package openapi

import (
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxFailures bounds how many errors an answer lists.
const maxFailures = 100

// ImportFailure is the answer to an import that fails: it lists errors and
// warnings as AWS does.
func ImportFailure(problems, warnings []string) error {
	var b strings.Builder
	b.WriteString("Errors found during import:")
	for i, text := range problems {
		if i == maxFailures {
			fmt.Fprintf(&b, "\n\tand %d more", len(problems)-i)
			break
		}
		b.WriteString("\n\t" + text)
	}
	if len(warnings) > 0 {
		b.WriteString("\nAdditionally, these warnings were found:\n\t" + strings.Join(warnings, "\n\t"))
	}
	return apigw.Errorf(apigw.BadRequest, "%s", b.String())
}

// FailOnWarnings is the answer to an import that is to fail on warnings; nil
// when there are none.
func FailOnWarnings(warnings []string) error {
	if len(warnings) == 0 {
		return nil
	}
	return apigw.Errorf(apigw.BadRequest, "Warnings found during import:\n\t%s", strings.Join(warnings, "\n\t"))
}

// texts are the problems, a line each.
func (e *Errors) texts() []string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.String()
	}
	return texts
}

// Failure is the answer to an import of which this is the error.
func (e *Errors) Failure() error { return ImportFailure(e.texts(), e.Warnings) }
