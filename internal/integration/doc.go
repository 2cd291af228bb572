// Package integration makes the calls behind a method: HTTP backends with
// their connection pools and the rules of where they may lead, mocked
// backends, and what of a backend's answer reaches the client. It must not
// know an API kind, nor how a failure is shown to the client.
package integration
