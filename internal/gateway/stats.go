package gateway

// Connections is how many connections of clients are open.
func (g *Gateway) Connections() int {
	g.conns.mu.Lock()
	defer g.conns.mu.Unlock()
	return len(g.conns.conns)
}

// CompiledStages is how many stages are held ready.
func (g *Gateway) CompiledStages() int {
	g.warmth.mu.Lock()
	defer g.warmth.mu.Unlock()
	return len(g.warmth.live)
}

// Load is how many requests are in work and how many wait for it, and how many
// were refused so far because there were too many.
func (g *Gateway) Load() (working, waiting, refused int64) { return g.requests.Stats() }
