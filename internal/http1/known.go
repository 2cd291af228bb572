package http1

// Known is a field name that framing or a gateway treats specially.
type Known uint8

// The well-known names. Other is every name not listed.
const (
	Other Known = iota
	NameAccept
	NameAcceptCharset
	NameAcceptEncoding
	NameAge
	NameAuthorization
	NameConnection
	NameContentEncoding
	NameContentLength
	NameContentMD5
	NameContentType
	NameCookie
	NameDate
	NameExpect
	NameForwarded
	NameHost
	NameKeepAlive
	NameMaxForwards
	NamePragma
	NameProxyAuthenticate
	NameProxyAuthorization
	NameProxyConnection
	NameRange
	NameReferer
	NameServer
	NameTE
	NameTrailer
	NameTransferEncoding
	NameUpgrade
	NameUserAgent
	NameVia
	NameWWWAuthenticate
	NameWarn
	NameXAmznErrorType
	NameXAmznRequestID
	NameXAmznTraceID
	NameXAPIGWAPIID
	NameXAPIKey
	NameXForwardedFor
	NameXForwardedPort
	NameXForwardedProto
	NameXHTTPMethodOverride
	knownCount
)

// knownNames spells each well-known name as AWS and browsers do.
var knownNames = [knownCount]string{
	NameAccept: "Accept", NameAcceptCharset: "Accept-Charset", NameAcceptEncoding: "Accept-Encoding", NameAge: "Age",
	NameAuthorization: "Authorization", NameConnection: "Connection", NameContentEncoding: "Content-Encoding",
	NameContentLength: "Content-Length", NameContentMD5: "Content-MD5", NameContentType: "Content-Type", NameCookie: "Cookie",
	NameDate: "Date", NameExpect: "Expect", NameForwarded: "Forwarded", NameHost: "Host", NameKeepAlive: "Keep-Alive",
	NameMaxForwards: "Max-Forwards", NamePragma: "Pragma", NameProxyAuthenticate: "Proxy-Authenticate",
	NameProxyAuthorization: "Proxy-Authorization", NameProxyConnection: "Proxy-Connection", NameRange: "Range",
	NameReferer: "Referer", NameServer: "Server", NameTE: "TE", NameTrailer: "Trailer", NameTransferEncoding: "Transfer-Encoding",
	NameUpgrade: "Upgrade", NameUserAgent: "User-Agent", NameVia: "Via", NameWWWAuthenticate: "WWW-Authenticate", NameWarn: "Warn",
	NameXAmznErrorType: "x-amzn-ErrorType", NameXAmznRequestID: "x-amzn-RequestId", NameXAmznTraceID: "X-Amzn-Trace-Id",
	NameXAPIGWAPIID: "x-apigw-api-id", NameXAPIKey: "x-api-key", NameXForwardedFor: "X-Forwarded-For",
	NameXForwardedPort: "X-Forwarded-Port", NameXForwardedProto: "X-Forwarded-Proto",
	NameXHTTPMethodOverride: "X-HTTP-Method-Override",
}

// String is the usual spelling, empty for Other.
func (k Known) String() string { return knownNames[k] }

// knownByLength holds, for each length, the well-known names that long: a
// name is compared with at most a few others.
var knownByLength = func() (t [32][]Known) {
	for k := Known(1); k < knownCount; k++ {
		n := len(knownNames[k])
		t[n] = append(t[n], k)
	}
	return t
}()

// Lookup is the well-known name that name spells in any case, or Other.
func Lookup(name string) Known { return lookup([]byte(name)) }

func lookup(name []byte) Known {
	if len(name) >= len(knownByLength) {
		return Other
	}
	for _, k := range knownByLength[len(name)] {
		if equalFold(knownNames[k], name) {
			return k
		}
	}
	return Other
}
