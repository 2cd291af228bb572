package store

// KeepFree is how many bytes the embedded store leaves of its disk: below, it
// takes no writes.
const KeepFree = keepFree

// FreeSpace is how many bytes this process may still write at dir.
func FreeSpace(dir string) (int64, error) { return freeSpace(dir) }
