// Package mapping moves values between a client's request, a backend's
// request, a backend's response and the client's response: parameter mapping,
// and mapping templates with all that they see and override. It knows sources
// and targets of values; it must not know an API kind, a pipeline or a backend.
package mapping
