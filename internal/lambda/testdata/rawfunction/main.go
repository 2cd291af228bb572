// Command rawfunction is a function for tests: it speaks the Runtime API by
// hand and does what each event tells it to.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

type event struct {
	id     string
	header http.Header
	body   string
}

var base = "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/"

func main() {
	switch os.Getenv("AT_START") {
	case "exit":
		fmt.Println("giving up")
		os.Exit(3)
	case "error":
		post("init/error", `{"errorMessage":"no database","errorType":"Init.NoDatabase"}`)
		os.Exit(1)
	case "hang":
		select {}
	case "hold":
		b := make([]byte, 100<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		time.Sleep(time.Minute)
	}
	for {
		handle(next())
	}
}

func next() event {
	resp, err := http.Get(base + "invocation/next")
	if err != nil {
		fmt.Println(err)
		os.Exit(9)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return event{resp.Header.Get("Lambda-Runtime-Aws-Request-Id"), resp.Header, string(body)}
}

func handle(e event) {
	verb, arg, _ := strings.Cut(strings.Trim(e.body, `"`), " ")
	switch verb {
	case "exit":
		code, _ := strconv.Atoi(arg)
		os.Exit(code)
	case "hang":
		select {}
	case "fail":
		post("invocation/"+e.id+"/error", `{"errorMessage":"`+arg+`","errorType":"Example"}`)
	case "size":
		n, _ := strconv.Atoi(arg)
		respond(e, `"`+strings.Repeat("x", n-2)+`"`)
	case "env":
		respond(e, encode(os.Environ()))
	case "headers":
		respond(e, encode(fmt.Sprint(e.header)))
	case "pid":
		respond(e, strconv.Itoa(os.Getpid()))
	case "print":
		fmt.Println(arg)
		fmt.Fprintln(os.Stderr, "and an error")
		time.Sleep(20 * time.Millisecond) // the lines take another way than the answer
		respond(e, `"printed"`)
	case "sleep":
		d, _ := time.ParseDuration(arg)
		time.Sleep(d)
		respond(e, `"slept"`)
	case "child":
		cmd := exec.Command("sleep", "60")
		cmd.Stdout = os.Stdout
		cmd.Start()
		respond(e, strconv.Itoa(cmd.Process.Pid))
	case "away": // a child in a session of its own
		cmd := exec.Command("setsid", "sleep", "60")
		cmd.Start()
		time.Sleep(50 * time.Millisecond)
		respond(e, strconv.Itoa(cmd.Process.Pid))
	case "children":
		n, _ := strconv.Atoi(arg)
		for range n {
			cmd := exec.Command("sleep", "60")
			if cmd.Start() == nil {
				cmd.Process.Release() // or open files would be its limit
			}
		}
		select {}
	case "holders": // children that hold 100 MB each
		n, _ := strconv.Atoi(arg)
		for range n {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "AT_START=hold")
			cmd.Start()
		}
		select {}
	case "spin":
		for {
		}
	case "flood":
		line := strings.Repeat("x", 1023) + "\n"
		for range 1 << 20 {
			os.Stdout.WriteString(line)
		}
		respond(e, `"written"`)
	case "read":
		b, err := os.ReadFile(arg)
		respond(e, encode(fmt.Sprint(string(b), err)))
	case "wait": // answers when the file exists
		for {
			if _, err := os.Stat(arg); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		respond(e, `"waited"`)
	case "once": // fails the first time
		if _, err := os.Stat(arg); err != nil {
			os.WriteFile(arg, nil, 0o600)
			post("invocation/"+e.id+"/error", `{"errorMessage":"first time","errorType":"Example"}`)
			return
		}
		fmt.Println("second time")
		respond(e, `"done"`)
	case "lastly": // answers, then ends
		respond(e, `"bye"`)
		os.Exit(0)
	case "stream": // two pieces, the second when the file exists
		stream(e, func(w io.Writer) {
			io.WriteString(w, "one ")
			for {
				if _, err := os.Stat(arg); err == nil {
					break
				}
				time.Sleep(time.Millisecond)
			}
			io.WriteString(w, "two")
		})
	case "flow": // many bytes, as fast as they are taken
		n, _ := strconv.Atoi(arg)
		stream(e, func(w io.Writer) { w.Write(make([]byte, n)) })
	case "cut": // ends in the middle
		stream(e, func(w io.Writer) {
			io.WriteString(w, "half")
			time.Sleep(20 * time.Millisecond)
			os.Exit(4)
		})
	case "stall": // never ends
		stream(e, func(w io.Writer) {
			io.WriteString(w, "half")
			select {}
		})
	case "garbage":
		fmt.Println("statuses",
			post("invocation/no-such-id/response", `1`),
			post("invocation//response", `1`),
			post("nothing", `1`),
			post("init/error", `{}`),
			get("invocation/next"),
			get("invocation/"+e.id+"/response"),
			raw("NONSENSE\r\n\r\n"),
			raw("POST /2018-06-01/runtime/invocation/"+e.id+"/response HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nhalf"))
		respond(e, `"still here"`)
		post("invocation/"+e.id+"/response", `"twice"`)
	case "files":
		entries, _ := os.ReadDir("/proc/self/fd")
		names := []string{}
		for _, f := range entries {
			to, _ := os.Readlink("/proc/self/fd/" + f.Name())
			names = append(names, to)
		}
		respond(e, encode(names))
	case "limits":
		b, _ := os.ReadFile("/proc/self/limits")
		respond(e, encode(string(b)))
	case "whoami":
		dir, _ := os.Getwd()
		respond(e, encode(fmt.Sprint(os.Getuid(), " ", os.Getgid(), " ", dir)))
	case "memory":
		n, _ := strconv.Atoi(arg)
		b := make([]byte, n<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		respond(e, strconv.Itoa(len(b)))
	case "steal":
		resp, err := http.Get("http://" + arg + "/2018-06-01/runtime/invocation/next")
		if err != nil {
			respond(e, `"refused"`)
			return
		}
		respond(e, strconv.Itoa(resp.StatusCode))
	case "address":
		respond(e, `"`+os.Getenv("AWS_LAMBDA_RUNTIME_API")+`"`)
	default:
		respond(e, e.body)
	}
}

func encode(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func respond(e event, body string) { post("invocation/"+e.id+"/response", body) }

// stream answers in the streaming mode with what write writes.
func stream(e event, write func(io.Writer)) {
	r, w := io.Pipe()
	go func() {
		write(w)
		w.Close()
	}()
	req, _ := http.NewRequest("POST", base+"invocation/"+e.id+"/response", r)
	req.Header.Set("Lambda-Runtime-Function-Response-Mode", "streaming")
	req.Header.Set("Content-Type", "text/plain")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("status", resp.StatusCode)
	resp.Body.Close()
}

func post(path, body string) int {
	resp, err := http.Post(base+path, "application/json", strings.NewReader(body))
	if err != nil {
		fmt.Println(err)
		return 0
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	if resp.StatusCode == http.StatusRequestEntityTooLarge {
		fmt.Println(string(bytes.TrimSpace(answer)))
	}
	return resp.StatusCode
}

func get(path string) int {
	resp, err := http.Get(base + path)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// raw sends bytes that are no request, or half of one, and hangs up.
func raw(text string) int {
	c, err := dial()
	if err != nil {
		return 0
	}
	io.WriteString(c, text)
	c.Close()
	return 1
}
