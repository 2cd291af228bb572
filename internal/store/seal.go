package store

// Sealer encrypts secrets before they are stored.
type Sealer struct{}

// LoadMasterKey reads the 32-byte master key of path, creating it with mode
// 0600 when the file is missing. A file others may read is refused.
func LoadMasterKey(path string) (*Sealer, error) { return nil, errUnfinished }

// ParseMasterKey takes a key of 32 bytes in hex or base64, from an environment
// variable or a command's output.
func ParseMasterKey(text string) (*Sealer, error) { return nil, errUnfinished }

// Seal encrypts plaintext. Aad, the record's key, must be given to Open again,
// so that a sealed value can't be moved to another record.
func (s *Sealer) Seal(aad string, plaintext []byte) []byte { return nil }

// Open decrypts what Seal made.
func (s *Sealer) Open(aad string, sealed []byte) ([]byte, error) { return nil, errUnfinished }
