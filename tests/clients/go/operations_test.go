package clients

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func infoField(t *testing.T, client *redis.Client, field string) int {
	t.Helper()
	text := must[string](t)(client.Info(context.Background()).Result())
	found := regexp.MustCompile(`(?m)^` + field + `:(\d+)`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no %s in INFO", field)
	}
	return must[int](t)(strconv.Atoi(found[1]))
}

func TestTenThousandConnectionsInARow(t *testing.T) {
	ctx, s, client := setup(t)
	check(t, client.Set(ctx, "key", "value", 0).Err())
	before := infoField(t, client, "total_connections_received")
	for range 10_000 {
		connection := must[net.Conn](t)(net.DialTimeout("tcp", s.address(), deadline))
		connection.SetDeadline(time.Now().Add(deadline))
		must[int](t)(io.WriteString(connection, "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n"))
		reply := make([]byte, 11)
		must[int](t)(io.ReadFull(connection, reply))
		equal(t, "reply", string(reply), "$5\r\nvalue\r\n")
		connection.Close()
	}
	equal(t, "received", infoField(t, client, "total_connections_received")-before, 10_000)
}

func TestAThousandClientsAtOnce(t *testing.T) {
	ctx, s, client := setup(t)
	check(t, client.Set(ctx, "key", "value", 0).Err())
	const fleet = 1000
	clients := make([]*redis.Client, fleet)
	for i := range clients {
		clients[i] = connect(t, s, func(o *redis.Options) { o.PoolSize = 1 })
	}
	each := func(action func(*redis.Client) error) {
		t.Helper()
		var group sync.WaitGroup
		for _, each := range clients {
			group.Go(func() {
				if err := action(each); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
	each(func(c *redis.Client) error {
		if value, err := c.Get(ctx, "key").Result(); err != nil || value != "value" {
			return fmt.Errorf("%q, %w", value, err)
		}
		return nil
	})
	if connected := infoField(t, client, "connected_clients"); connected <= fleet {
		t.Fatalf("%d connected", connected)
	}
	each(func(c *redis.Client) error { return c.Incr(ctx, "count").Err() })
	equal(t, "count", client.Get(ctx, "count").Val(), strconv.Itoa(fleet))
	each(func(c *redis.Client) error { return c.Close() })
	waitUntil(t, "all are gone", func() bool { return infoField(t, client, "connected_clients") == 1 })
}

func TestClientFallsBackWhileTheServerIsDown(t *testing.T) {
	ctx, s, _ := setup(t)
	client := connect(t, s, func(o *redis.Options) {
		o.MaxRetries, o.MinRetryBackoff, o.MaxRetryBackoff = 3, time.Millisecond, 20*time.Millisecond
		o.DialerRetries = 1
	})
	var fallbacks atomic.Int64
	get := func(key string) string {
		value, err := client.Get(ctx, key).Result()
		if err == nil {
			return value
		}
		value = "value of " + key
		if err == redis.Nil {
			err = client.Set(ctx, key, value, 10*time.Minute).Err()
		}
		if err != nil {
			fallbacks.Add(1)
		}
		return value
	}
	var done atomic.Bool
	var answers atomic.Int64
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := 0; !done.Load(); i++ {
				key := fmt.Sprintf("%d:%d", worker, i%50)
				if value := get(key); value != "value of "+key {
					t.Errorf("%s: %q", key, value)
					return
				}
				answers.Add(1)
			}
		})
	}
	defer group.Wait()
	defer done.Store(true)
	for range 3 {
		seen := answers.Load()
		waitUntil(t, "answers", func() bool { return answers.Load() > seen+200 })
		s.kill()
		before := fallbacks.Load()
		waitUntil(t, "fallbacks", func() bool { return fallbacks.Load() > before+20 })
		s.startAgain()
	}
	waitUntil(t, "the cache fills again", func() bool { return client.DBSize(ctx).Val() >= 300 })
}

func TestSubscriberSubscribesAgainAfterARestart(t *testing.T) {
	ctx, s, client := setup(t)
	subscriber := client.Subscribe(ctx, "news")
	defer subscriber.Close()
	must[any](t)(subscriber.Receive(ctx))
	messages := subscriber.Channel()
	s.kill()
	s.startAgain()
	waitUntil(t, "a message after the restart", func() bool {
		client.Publish(ctx, "news", "again")
		select {
		case message := <-messages:
			return message.Payload == "again"
		default:
			return false
		}
	})
}

func TestCompressedValuesOfOneMegabyte(t *testing.T) {
	ctx, _, client := setup(t)
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			document := make([]byte, 1<<20)
			rand.Read(document)
			var packed bytes.Buffer
			writer, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
			writer.Write(document)
			writer.Close()
			key := fmt.Sprintf("document:%d", i)
			if err := client.Set(ctx, key, packed.Bytes(), 10*time.Minute).Err(); err != nil {
				t.Error(err)
				return
			}
			held, err := client.Get(ctx, key).Bytes()
			if err != nil || !bytes.Equal(held, packed.Bytes()) {
				t.Errorf("%s came back changed (%v)", key, err)
				return
			}
			reader, err := gzip.NewReader(bytes.NewReader(held))
			if err != nil {
				t.Error(err)
				return
			}
			if expanded, err := io.ReadAll(reader); err != nil || !bytes.Equal(expanded, document) {
				t.Errorf("%s does not expand (%v)", key, err)
			}
		})
	}
	group.Wait()
}
