package clients

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

const (
	deadline  = 60 * time.Second
	startsMax = 8
	// Below the range from which the kernel draws the ports of outgoing connections; see README.md.
	firstPort = 20000
	lastPort  = 31999
)

func TestMain(m *testing.M) {
	logging.Disable() // Tests that kill the server would fill the output with lost connections.
	os.Exit(m.Run())
}

// server is one server process on a private port, ended by pid when its test ends.
type server struct {
	t       *testing.T
	options []string
	port    int
	folder  string
	command *exec.Cmd
	ended   chan error
}

func startServer(t *testing.T, options ...string) *server {
	t.Helper()
	s := &server{t: t, options: options, folder: t.TempDir()}
	for range startsMax {
		s.port = freePort()
		if s.spawnAndWait() {
			t.Cleanup(s.stop)
			return s
		}
	}
	t.Fatalf("server did not start: %s", s.logTail())
	return nil
}

func (s *server) address() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// startAgain starts the server on the port that it had before it was killed.
func (s *server) startAgain() {
	s.t.Helper()
	for attempt := range startsMax {
		if s.spawnAndWait() {
			return
		}
		time.Sleep(time.Duration(attempt+1) * 200 * time.Millisecond)
	}
	s.t.Fatalf("server did not start again: %s", s.logTail())
}

// kill ends the process as a crash would.
func (s *server) kill() {
	s.command.Process.Kill()
	<-s.ended
	s.command = nil
}

// stop ends the process by SIGTERM; a crash before, or an exit code other than 0, is an error.
func (s *server) stop() {
	if s.command == nil {
		return
	}
	select {
	case err := <-s.ended:
		s.t.Errorf("server died during the test (%v): %s", err, s.logTail())
		return
	default:
	}
	s.command.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Errorf("server stopped uncleanly (%v): %s", err, s.logTail())
		}
	case <-time.After(deadline):
		s.command.Process.Kill()
		<-s.ended
		s.t.Errorf("server ignored SIGTERM: %s", s.logTail())
	}
	s.command = nil
}

// spawnAndWait returns false if the process ended before it answered (its port was taken, say).
func (s *server) spawnAndWait() bool {
	binary := os.Getenv("LARDER_SERVER")
	arguments := append([]string{binary, "--port", strconv.Itoa(s.port)}, s.options...)
	if filepath.Base(binary) == "redis-server" {
		arguments = append(arguments, "--save", "")
	}
	// The server must not outlive a test runner that is killed.
	if path, err := exec.LookPath("setpriv"); err == nil {
		arguments = append([]string{path, "--pdeathsig", "KILL", "--"}, arguments...)
	}
	log, err := os.OpenFile(filepath.Join(s.folder, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Dir, command.Stdout, command.Stderr = s.folder, log, log
	if err := startOnLastingThread(command); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for end := time.Now().Add(deadline); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		select {
		case <-ended:
			return false
		default:
		}
		if answersAs(s.address(), command.Process.Pid) {
			s.command, s.ended = command, ended
			return true
		}
	}
	command.Process.Kill()
	<-ended
	return false
}

func (s *server) logTail() string {
	text, _ := os.ReadFile(filepath.Join(s.folder, "log"))
	return string(text[max(0, len(text)-4000):])
}

func freePort() int {
	for {
		port := firstPort + rand.Intn(lastPort-firstPort+1)
		if listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			listener.Close()
			return port
		}
	}
}

var processID = regexp.MustCompile(`(?m)^process_id:(\d+)`)

// answersAs is true once the server answers PING and is the process meant: two tests may have drawn
// the same port.
func answersAs(address string, pid int) bool {
	connection, err := net.DialTimeout("tcp", address, deadline)
	if err != nil {
		return false
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(deadline))
	io.WriteString(connection, "PING\r\nINFO server\r\nQUIT\r\n")
	reply, _ := io.ReadAll(bufio.NewReader(connection))
	if !strings.HasPrefix(string(reply), "+PONG") && !strings.HasPrefix(string(reply), "-NOAUTH") {
		return false
	}
	found := processID.FindSubmatch(reply)
	return found == nil || string(found[1]) == strconv.Itoa(pid)
}

// connect opens a client with limits that a noisy machine never reaches.
func connect(t *testing.T, s *server, changes ...func(*redis.Options)) *redis.Client {
	options := &redis.Options{
		Addr: s.address(), PoolSize: 256, DialTimeout: deadline, ReadTimeout: deadline,
		WriteTimeout: deadline, PoolTimeout: 2 * deadline,
	}
	for _, change := range changes {
		change(options)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return client
}

func setup(t *testing.T) (context.Context, *server, *redis.Client) {
	t.Helper()
	s := startServer(t)
	return context.Background(), s, connect(t, s)
}

// waitUntil polls until the condition holds; fails after a generous deadline.
func waitUntil(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", deadline, what)
		}
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}
