package clients

import (
	"bytes"
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// recorder is a connection that keeps what the client sends.
type recorder struct {
	net.Conn
	mutex *sync.Mutex
	sent  *bytes.Buffer
}

func (r recorder) Write(data []byte) (int, error) {
	r.mutex.Lock()
	r.sent.Write(data)
	r.mutex.Unlock()
	return r.Conn.Write(data)
}

// recorded opens a client of one connection and returns it with a function that lists its commands.
func recorded(t *testing.T, s *server, changes ...func(*redis.Options)) (*redis.Client, func() []string) {
	var mutex sync.Mutex
	var sent bytes.Buffer
	dial := func(o *redis.Options) {
		o.PoolSize = 1
		o.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
			connection, err := (&net.Dialer{Timeout: deadline}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return recorder{connection, &mutex, &sent}, nil
		}
	}
	client := connect(t, s, append(changes, dial)...)
	return client, func() []string {
		mutex.Lock()
		defer mutex.Unlock()
		return parseRequests(t, sent.Bytes())
	}
}

func parseRequests(t *testing.T, data []byte) (requests []string) {
	reader := bytes.NewBuffer(bytes.Clone(data))
	number := func() int {
		line := must[string](t)(reader.ReadString('\n'))
		return must[int](t)(strconv.Atoi(strings.TrimSpace(line[1:])))
	}
	for reader.Len() > 0 {
		words := make([]string, number())
		for i := range words {
			word := make([]byte, number()+2)
			must[int](t)(io.ReadFull(reader, word))
			words[i] = string(word[:len(word)-2])
		}
		requests = append(requests, strings.ToUpper(strings.Join(words, " ")))
	}
	return requests
}

func contains(requests []string, part string) bool {
	for _, request := range requests {
		if strings.Contains(request, part) {
			return true
		}
	}
	return false
}

func TestDefaultHandshakeSpeaksResp3(t *testing.T) {
	ctx, s, _ := setup(t)
	client, sent := recorded(t, s, func(o *redis.Options) { o.ClientName, o.DB = "gateway", 3 })
	check(t, client.Set(ctx, "a", 1, 0).Err())
	requests := sent()
	equal(t, "first", strings.HasPrefix(requests[0], "HELLO 3"), true)
	for _, part := range []string{"SELECT 3", "SETNAME GATEWAY", "CLIENT SETINFO LIB-NAME", "CLIENT SETINFO LIB-VER"} {
		if !contains(requests, part) {
			t.Errorf("no %s in %v", part, requests)
		}
	}
	info := must[*redis.ClientInfo](t)(client.ClientInfo(ctx).Result())
	equal(t, "name", info.Name, "gateway")
	equal(t, "database", info.DB, 3)
	equal(t, "protocol", info.Resp, 3)
	hello, isMap := must[any](t)(client.Do(ctx, "HELLO", 3).Result()).(map[any]any)
	if !isMap || hello["server"] != "redis" || hello["mode"] != "standalone" ||
		hello["role"] != "master" || hello["proto"] != int64(3) {
		t.Errorf("HELLO answers %v", hello)
	}
}

func TestResp2OnRequest(t *testing.T) {
	ctx, s, _ := setup(t)
	client, _ := recorded(t, s, func(o *redis.Options) { o.Protocol = 2 })
	equal(t, "protocol", must[*redis.ClientInfo](t)(client.ClientInfo(ctx).Result()).Resp, 2)
	check(t, client.SAdd(ctx, "set", "a", "b").Err())
	equal(t, "members", len(client.SMembers(ctx, "set").Val()), 2)
}

func TestPasswordGoesWithHello(t *testing.T) {
	s := startServer(t, "--requirepass", "s3cret")
	ctx := context.Background()
	client, sent := recorded(t, s, func(o *redis.Options) { o.Password = "s3cret" })
	check(t, client.Set(ctx, "a", 1, 0).Err())
	equal(t, "first", strings.HasPrefix(sent()[0], "HELLO 3 AUTH DEFAULT S3CRET"), true)
	wrong := connect(t, s, func(o *redis.Options) { o.Password, o.MaxRetries = "wrong", -1 })
	if err := wrong.Ping(ctx).Err(); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("wrong password: %v", err)
	}
	nobody := connect(t, s, func(o *redis.Options) { o.MaxRetries = -1 })
	if err := nobody.Ping(ctx).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOAUTH") {
		t.Errorf("no password: %v", err)
	}
}

func TestUnknownClientSubcommandLeavesTheConnectionOpen(t *testing.T) {
	ctx, s, _ := setup(t)
	client, _ := recorded(t, s)
	id := must[int64](t)(client.ClientID(ctx).Result())
	if err := client.Do(ctx, "CLIENT", "NO-SUCH-THING").Err(); err == nil ||
		!strings.Contains(err.Error(), "unknown subcommand") {
		t.Errorf("got %v", err)
	}
	equal(t, "id", must[int64](t)(client.ClientID(ctx).Result()), id)
}

func TestScriptsFallBackFromHashToText(t *testing.T) {
	ctx, _, client := setup(t)
	script := redis.NewScript(`return {KEYS[1], ARGV[1], tonumber(ARGV[1]) * 2}`)
	for range 2 {
		reply := must[[]any](t)(script.Run(ctx, client, []string{"k"}, 21).Slice())
		if reply[0] != "k" || reply[1] != "21" || reply[2] != int64(42) {
			t.Fatalf("got %v", reply)
		}
		check(t, client.ScriptFlush(ctx).Err())
	}
	must[string](t)(script.Load(ctx, client).Result())
	equal(t, "exists", must[[]bool](t)(script.Exists(ctx, client).Result())[0], true)
}
