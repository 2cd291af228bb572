// Package sdk writes clients of REST APIs: a definition in, source files out.
// It knows the languages and how a name of a definition becomes an identifier,
// a literal or a remark in them; it must not know where definitions are kept,
// how files travel, or how a request is served.
//
// Everything in a definition comes from users. A name becomes part of a
// program in three ways only: as an identifier made of its ASCII letters and
// digits, as a literal escaped for the language, or as a remark without
// anything that could end it.
package sdk

import (
	"archive/zip"
	"bytes"
	"fmt"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Source is what an SDK is generated from.
type Source struct {
	Definition *apigw.Definition // as it is deployed; not changed
	Stage      apigw.StageName
	Host       string            // "{api}.execute-api.{region}.amazonaws.com"
	Created    time.Time         // of the deployment: the time of the files
	Parameters map[string]string // of GetSdk, in either spelling
}

// Archive is a generated SDK.
type Archive struct {
	Name string // of the file, "javascript_2026-01-02_03-04Z.zip"
	Zip  []byte
}

// file is one file of an SDK.
type file struct {
	path string
	text []byte
}

// Generate writes the SDK of a type. The same source gives the same bytes.
//
// Errors: BadRequest for a type that isn't known or can't be written here, a
// required parameter that is missing, a value that doesn't fit, and a
// parameter that the type doesn't have.
func Generate(kind string, s Source) (*Archive, error) {
	l, err := languageOf(kind)
	if err != nil {
		return nil, err
	}
	parameters, err := l.parameters(s.Parameters)
	if err != nil {
		return nil, err
	}
	files, err := l.files(newAPI(s), parameters)
	if apigw.KindOf(err) == apigw.BadRequest {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("generate the %s SDK: %w", kind, err)
	}
	packed, err := pack(files, s.Created)
	if err != nil {
		return nil, err
	}
	return &Archive{Name: kind + "_" + s.Created.UTC().Format("2006-01-02_15-04Z") + ".zip", Zip: packed}, nil
}

func pack(files []file, created time.Time) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.path, Method: zip.Deflate, Modified: created.UTC()}
		h.SetMode(0o644)
		entry, err := w.CreateHeader(h)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.path, err)
		}
		if _, err := entry.Write(f.text); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.path, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack the SDK: %w", err)
	}
	return b.Bytes(), nil
}
