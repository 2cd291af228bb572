package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Stream writes the lines of all groups to one writer, such as standard
// output.
type Stream struct{ W io.Writer }

// Write implements Destination.
func (s Stream) Write(_ string, lines []byte) error {
	_, err := s.W.Write(lines)
	return err
}

// Idle implements Destination.
func (Stream) Idle() {}

// Close implements Destination. The writer stays open.
func (Stream) Close() error { return nil }

// Remote posts lines in batches to a URL: a request's body holds lines of one
// group, which its X-Gatehouse-Log-Group field names. Any 2xx takes them; else
// they are sent once more, then lost.
type Remote struct {
	URL    string
	Client *http.Client // nil: one with postTimeout
}

// postTimeout bounds one attempt to send lines.
const postTimeout = 5 * time.Second

// Write implements Destination.
func (r *Remote) Write(group string, lines []byte) error {
	err := r.post(group, lines)
	if err != nil {
		err = r.post(group, lines)
	}
	return err
}

func (r *Remote) post(group string, lines []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), postTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(lines))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	request.Header.Set("X-Gatehouse-Log-Group", group)
	client := r.Client
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s", request.URL.Redacted(), response.Status)
	}
	return nil
}

// Idle implements Destination.
func (*Remote) Idle() {}

// Close implements Destination.
func (*Remote) Close() error { return nil }
