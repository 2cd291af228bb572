package vpclink

import (
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/javaregex"
)

// transform rewrites what a target sees of a request (listener rules,
// "Transforms"): rules were judged before.
type transform struct {
	url      bool // path and query; else the host
	rewrites []rewrite
}

type rewrite struct {
	regex   *javaregex.Pattern
	replace string
}

func newTransform(spec *apigw.RuleTransform) (transform, error) {
	t := transform{url: spec.Type == "url-rewrite"}
	if !t.url && spec.Type != "host-header-rewrite" {
		return t, fmt.Errorf("transforms of type %q aren't known", spec.Type)
	}
	for _, r := range spec.Rewrites {
		re, err := compileRegex(r.Regex, !t.url)
		if err != nil {
			return t, err
		}
		t.rewrites = append(t.rewrites, rewrite{re, r.Replace})
	}
	return t, nil
}

// unfit tells what neither a target nor a host holds.
func unfit(r rune) bool { return r <= ' ' || r >= 0x7f || r == '#' }

// apply rewrites v's request. A text that nothing matches stays.
func (t *transform) apply(v *visit) error {
	text := string(v.req.Host)
	if t.url {
		text = string(v.req.Target)
	}
	for i := range t.rewrites {
		var err error
		if text, err = t.rewrites[i].regex.ReplaceFirst(text, t.rewrites[i].replace, maxRequestLine, nil); err != nil {
			return err
		}
	}
	if text == "" || strings.ContainsFunc(text, unfit) || t.url && text[0] != '/' {
		return fmt.Errorf("%.200q is no %s", text, map[bool]string{true: "path and query", false: "host"}[t.url])
	}
	if t.url {
		v.req.Target = append(v.req.Target[:0], text...)
	} else {
		v.req.Host = append(v.req.Host[:0], text...)
	}
	return nil
}
