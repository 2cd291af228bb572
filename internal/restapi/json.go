package restapi

import "github.com/gatehouse/gatehouse/internal/jsonpath"

// appendJSONString appends s as a JSON string.
func appendJSONString[T string | []byte](dst []byte, s T) []byte { return jsonpath.AppendText(dst, s) }
