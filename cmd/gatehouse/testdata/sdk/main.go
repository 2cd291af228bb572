// Command program calls every method of the generated client.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"apiclient"
)

type echo struct {
	Path, X, Body string
	Q             []string
}

func read(r *apiclient.Response, err error) (e echo) {
	if err != nil {
		panic(err)
	}
	if err := r.JSON(&e); err != nil {
		panic(err)
	}
	return e
}

func refused(r *apiclient.Response, err error) any {
	if answered := (*apiclient.Error)(nil); errors.As(err, &answered) {
		return answered.Response.Status
	}
	if err != nil {
		return "refused"
	}
	return "sent"
}

func text(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

func client(c apiclient.Config) *apiclient.Client {
	if c.InvokeURL == "" {
		c.InvokeURL = os.Getenv("URL")
	}
	made, err := apiclient.New(c)
	if err != nil {
		panic(err)
	}
	return made
}

func main() {
	ctx, odd, none := context.Background(), os.Getenv("ODD"), 0
	open := client(apiclient.Config{})
	full := client(apiclient.Config{AccessKey: os.Getenv("ACCESS"), SecretKey: os.Getenv("SECRET"), SessionToken: os.Getenv("TOKEN"), APIKey: os.Getenv("API_KEY")})

	fmt.Println("plain", read(open.GetApiRoot(ctx, apiclient.GetApiRootParams{})).Path)
	item := read(open.PutItemsItemId(ctx, apiclient.PutItemsItemIdParams{
		ItemId: odd, QName: []string{odd, "2"}, XOddValue: []string{`a "b"; c=d, e`}, Body: map[string]string{"k": `é"`},
	}))
	fmt.Println("item", text([]any{item.Path, item.Q, item.X, json.RawMessage(item.Body)}))
	fmt.Println("file", read(open.GetFilesPath(ctx, apiclient.GetFilesPathParams{Path: "a b/c+d/é"})).Path)
	fmt.Println("keyed", refusedOr200(full.GetKeyed(ctx, apiclient.GetKeyedParams{})), refused(open.GetKeyed(ctx, apiclient.GetKeyedParams{})))
	signed := read(full.PostSignedId(ctx, apiclient.PostSignedIdParams{Id: odd, QName: []string{odd}, Body: map[string]int{"k": 1}}, apiclient.WithQuery("q.name-z", "é &"), apiclient.WithQuery("Q", "")))
	fmt.Println("signed", text([]any{signed.Path, signed.Q}), refused(open.PostSignedId(ctx, apiclient.PostSignedIdParams{Id: "1"})))
	fmt.Println("busy", refusedOr200(open.GetBusy(ctx, apiclient.GetBusyParams{})))
	fmt.Println("missing", refused(open.PutItemsItemId(ctx, apiclient.PutItemsItemIdParams{ItemId: "1"})),
		"dots", refused(open.PutItemsItemId(ctx, apiclient.PutItemsItemIdParams{ItemId: "..", QName: []string{"1"}})))
	fmt.Println("impatient", refused(client(apiclient.Config{MaxRetries: &none}).GetBusy(ctx, apiclient.GetBusyParams{})))
	fmt.Println("flaky", refusedOr200(client(apiclient.Config{InvokeURL: os.Getenv("FLAKY")}).GetApiRoot(ctx, apiclient.GetApiRootParams{})))
}

func refusedOr200(r *apiclient.Response, err error) any {
	if err != nil {
		return err
	}
	return r.Status
}
