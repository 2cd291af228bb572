package http1

// Placeholders until server.go and client.go stand.

type serverState struct{}
type clientBody struct{}
type cancelState struct{}

type ServerConn struct{}

type Endpoint struct{}

func NewEndpoint(EndpointConfig) *Endpoint { return nil }
func (e *Endpoint) Do(call *Call, req *ClientRequest, resp *ClientResponse) error {
	return nil
}
func (e *Endpoint) Close()                                                {}
func (r *ClientResponse) Read(p []byte) (int, error)                      { return 0, nil }
func (r *ClientResponse) ReadAll(dst []byte, limit int64) ([]byte, error) { return nil, nil }
func (r *ClientResponse) Close()                                          {}
func (c *Call) Cancel()                                                   {}
func (c *Call) Reset()                                                    {}
func (c *ServerConn) Info() *ConnInfo                                     { return nil }
func (c *ServerConn) Read(p []byte) (int, error)                          { return 0, nil }
func (c *ServerConn) ReadAll(dst []byte, limit int64) ([]byte, error)     { return nil, nil }
func (c *ServerConn) Respond(status int, h *Header, body []byte) error    { return nil }
func (c *ServerConn) Start(status int, h *Header, length int64) error     { return nil }
func (c *ServerConn) Write(p []byte) (int, error)                         { return 0, nil }
func (c *ServerConn) Flush() error                                        { return nil }
func (c *ServerConn) Finish() error                                       { return nil }
func (c *ServerConn) OnAbandon(cancel func())                             {}
func (c *ServerConn) Sent() int64                                         { return 0 }
