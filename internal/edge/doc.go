// Package edge is a node elsewhere in front of a region's: it ends the clients'
// connections near them, and passes requests on over connections that stay, as
// CloudFront does for edge-optimized APIs. It knows what that changes in a
// message; it must not know APIs, stages or where it listens.
package edge
