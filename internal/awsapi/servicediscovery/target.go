package servicediscovery

// Target begins X-Amz-Target, before a dot and the operation's name.
const Target = "Route53AutoNaming_v20170314"
