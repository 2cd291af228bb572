// Package httpapi is what HTTP APIs have of their own: so far who may call a
// route, the events that Lambda authorizers get, what backends learn of the
// client, and the answers for those who may not. Nothing serves an HTTP API yet:
// a pipeline will fill a Request and ask Authorize. It must not know another API
// kind, nor how authorizers are asked.
package httpapi
