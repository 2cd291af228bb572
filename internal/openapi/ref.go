package openapi

import (
	"net/url"
	"strconv"
	"strings"
)

// maxHops bounds a chain of references that lead to references.
const maxHops = 32

// resolve follows the $ref of a parameter, response, header, request body,
// path item or security scheme. It is nil, and a problem is noted, when the
// reference leads nowhere.
func (im *importer) resolve(n *node, what string) *node {
	if !im.isObject(n, what) {
		return nil
	}
	for at, hops := n, 0; ; hops++ {
		ref := at.peek("$ref")
		if ref == nil || ref.kind != text {
			return at
		}
		if !im.spend(1 + len(ref.text)/32) {
			return nil
		}
		to := im.lookup(ref)
		switch {
		case to == nil || to.refused:
			return nil
		case to.kind != object:
			im.problem(ref, "reference %q doesn't lead to %s", ref.text, what)
			return nil
		case to == at || to == n || hops == maxHops:
			im.problem(ref, "reference %q leads back to itself", ref.text)
			return nil
		}
		at = to
	}
}

// lookup is what a reference within the document points at.
func (im *importer) lookup(ref *node) *node {
	pointer, ok := strings.CutPrefix(ref.text, "#")
	if !ok {
		im.problem(ref, "reference %q leads out of the document, which an import doesn't follow: put what it names into the document", ref.text)
		return nil
	}
	n := im.root
	for _, part := range pointerParts(pointer) {
		switch n.kind {
		case object:
			n = n.get(part)
		case list:
			n = element(n, part)
		default:
			n = nil
		}
		if n == nil {
			im.problem(ref, "reference %q leads to nothing", ref.text)
			return nil
		}
	}
	return n
}

// pointerParts are the unescaped parts of a JSON pointer in a URI fragment.
func pointerParts(p string) []string {
	if p == "" || p == "/" {
		return nil
	}
	if u, err := url.PathUnescape(p); err == nil {
		p = u
	}
	parts := strings.Split(strings.TrimPrefix(p, "/"), "/")
	if strings.Contains(p, "~") {
		for i, s := range parts {
			parts[i] = pointerUnescape.Replace(s)
		}
	}
	return parts
}

var pointerUnescape = strings.NewReplacer("~1", "/", "~0", "~")

func element(n *node, part string) *node {
	i, err := strconv.Atoi(part)
	if err != nil || i < 0 || i >= len(n.items) {
		return nil
	}
	return n.items[i]
}
