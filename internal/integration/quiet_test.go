package integration

import (
	"io"
	"log"
)

// quiet keeps handshake failures that a test provokes out of its output.
var quiet = log.New(io.Discard, "", 0)
