package mapping

import (
	"fmt"

	"github.com/gatehouse/gatehouse/internal/vtl"
)

// Program is a compiled mapping template, for any number of goroutines.
type Program struct {
	template *vtl.Template
	// Warnings are what is odd with it: what fails once a rendering comes to it,
	// and functions that API Gateway doesn't have.
	Warnings []string
}

// MaxTemplate is the most bytes of a mapping template (Amazon API Gateway
// quotas).
const MaxTemplate = 300 << 10

// CompileProgram compiles a mapping template. The error is a *vtl.Error, or
// says that the text is too long.
func CompileProgram(text string) (*Program, error) {
	if len(text) > MaxTemplate {
		return nil, fmt.Errorf("the template has %d bytes, more than %d", len(text), MaxTemplate)
	}
	p := new(Program)
	var err error
	p.template, err = vtl.Compile(text, roots(func(warning string) { p.Warnings = append(p.Warnings, warning) }))
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Fails is the end of a warning of what fails.
const Fails = "; a request that comes to it will be answered with 500"

// Constant is the text that the template gives whatever the request.
func (p *Program) Constant() ([]byte, bool) { return p.template.Constant() }

// Render appends the template's text for r to dst. On an error, a *vtl.Error,
// dst is as it was.
func (p *Program) Render(dst []byte, r *Rendering) ([]byte, error) {
	r.beginTemplate()
	return p.template.Render(dst, &r.run)
}

// roots are the names that mapping templates see, in the order of
// Rendering.objects.
func roots(warn func(string)) []vtl.Root {
	return []vtl.Root{
		{Name: "input", Bind: bindInput(warn)},
		{Name: "util", Bind: bindUtil(warn)},
		{Name: "context"},
		{Name: "stageVariables"},
	}
}
