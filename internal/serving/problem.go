package serving

import "errors"

// Problem is one thing of a definition or stage that can't be served, or (a
// Warning) that is served but will fail as it does on AWS.
type Problem struct {
	Place   string // "GET /pets", "stage prod"
	Text    string // names the setting and why
	Warning bool
}

func (p Problem) String() string { return p.Place + ": " + p.Text }

// Problems collects what is wrong while a stage is compiled.
type Problems []Problem

// Refuse adds what can't be served.
func (p *Problems) Refuse(place, text string) { *p = append(*p, Problem{Place: place, Text: text}) }

// Warn adds what is served and will fail.
func (p *Problems) Warn(place, text string) {
	*p = append(*p, Problem{Place: place, Text: text, Warning: true})
}

// Err is all that is refused; nil: nothing is.
func (p Problems) Err() error {
	var errs []error
	for _, one := range p {
		if !one.Warning {
			errs = append(errs, errors.New(one.String()))
		}
	}
	return errors.Join(errs...)
}
