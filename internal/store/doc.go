// Package store keeps records in etcd, embedded or external, by one client
// code. It knows keys, values, revisions, trees of blobs, sealing, and what a
// dying disk does; it must not know what the records mean.
//
// Every key begins with Prefix. What a method acknowledged is durable. A call
// never outlives its context, nor five seconds when the context has no
// deadline, whatever state etcd is in.
package store
