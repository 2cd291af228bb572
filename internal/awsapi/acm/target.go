package acm

// Target begins X-Amz-Target, before a dot and the operation's name.
const Target = "CertificateManager"
