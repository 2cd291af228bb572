//go:build !linux

package lambda

// watch does nothing: a function's processes aren't counted here.
func (p *process) watch(*spec, func() bool) {}

// sweep does nothing: processes that left their group can't be told here.
func sweep(*spec) {}
