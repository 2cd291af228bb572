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
