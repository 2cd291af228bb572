// Package vtl is the Velocity Template Language as API Gateway runs it:
// compiled once, then rendered without parsing or reflection, in bounded
// steps, depth and output. It knows no gateway: what $input, $util, $context
// and $stageVariables are is given by the host.
//
// The language is that of Apache Velocity 1.7, whose own engine was asked for
// its answers (testdata/velocity). Three things differ, as recorded on AWS:
// a reference to nothing renders empty instead of as it is written, null equals
// the empty string, and JSON arrays render as JSON.
package vtl
