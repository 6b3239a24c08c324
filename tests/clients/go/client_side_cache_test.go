package clients

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// cachingClient opens a rueidis client, whose client-side cache is on unless it is turned off.
func cachingClient(t *testing.T, s *server, change func(*rueidis.ClientOption)) rueidis.Client {
	t.Helper()
	option := rueidis.ClientOption{
		InitAddress: []string{s.address()}, ConnWriteTimeout: deadline, PipelineMultiplex: 1,
	}
	option.Dialer.Timeout = deadline
	if change != nil {
		change(&option)
	}
	client := must[rueidis.Client](t)(rueidis.NewClient(option))
	t.Cleanup(client.Close)
	return client
}

func cachedGet(ctx context.Context, client rueidis.Client, key string) rueidis.RedisResult {
	return client.DoCache(ctx, client.B().Get().Key(key).Cache(), long)
}

func TestRueidisReadsTwiceAndAsksOnce(t *testing.T) {
	ctx, s, other := setup(t)
	check(t, other.Set(ctx, "product:1", "shoe", 0).Err())
	client := cachingClient(t, s, nil)
	first := cachedGet(ctx, client, "product:1")
	equal(t, "value", must[string](t)(first.ToString()), "shoe")
	equal(t, "first from the cache", first.IsCacheHit(), false)
	for range 10 {
		again := cachedGet(ctx, client, "product:1")
		equal(t, "value", must[string](t)(again.ToString()), "shoe")
		equal(t, "from the cache", again.IsCacheHit(), true)
	}
}

func TestRueidisSeesWhatOthersWrite(t *testing.T) {
	ctx, s, other := setup(t)
	client := cachingClient(t, s, nil)
	for round := range 50 {
		check(t, other.Set(ctx, "k", round, 0).Err())
		waitUntil(t, "the new value is read", func() bool {
			value, err := cachedGet(ctx, client, "k").ToString()
			return err == nil && value == strconv.Itoa(round)
		})
	}
	check(t, other.Del(ctx, "k").Err())
	waitUntil(t, "the key is seen to be gone", func() bool {
		return rueidis.IsRedisNil(cachedGet(ctx, client, "k").Error())
	})
}

func TestRueidisCachesManyKeysAtOnce(t *testing.T) {
	ctx, s, other := setup(t)
	client := cachingClient(t, s, nil)
	const keys = 200
	names := make([]string, keys)
	for i := range names {
		names[i] = "k" + strconv.Itoa(i)
		check(t, other.Set(ctx, names[i], i, long).Err())
	}
	for range 2 {
		values := must[map[string]rueidis.RedisMessage](t)(rueidis.MGetCache(client, ctx, long, names))
		for i, name := range names {
			message := values[name]
			equal(t, name, must[string](t)(message.ToString()), strconv.Itoa(i))
		}
	}
	check(t, other.FlushDB(ctx).Err())
	waitUntil(t, "the flush is seen", func() bool {
		return rueidis.IsRedisNil(cachedGet(ctx, client, "k0").Error())
	})
}

func TestRueidisKeepsNoLongerThanTheServer(t *testing.T) {
	ctx, s, other := setup(t)
	client := cachingClient(t, s, nil)
	check(t, other.Set(ctx, "k", "v", 200*time.Millisecond).Err())
	cachedGet(ctx, client, "k")
	waitUntil(t, "it expires", func() bool {
		return rueidis.IsRedisNil(cachedGet(ctx, client, "k").Error())
	})
}

func TestRueidisHearsOfPrefixes(t *testing.T) {
	ctx, s, other := setup(t)
	dropped := make(chan string, 100)
	cachingClient(t, s, func(o *rueidis.ClientOption) {
		o.ClientTrackingOptions = []string{"BCAST", "PREFIX", "user:"}
		o.OnInvalidations = func(messages []rueidis.RedisMessage) {
			for _, message := range messages {
				key, _ := message.ToString()
				dropped <- key
			}
		}
	})
	check(t, other.Set(ctx, "other", 1, 0).Err())
	check(t, other.Set(ctx, "user:1", 1, 0).Err())
	select {
	case key := <-dropped:
		equal(t, "key", key, "user:1")
	case <-time.After(deadline):
		t.Fatal("no word")
	}
}

func TestRueidisReadersAgreeInTheEnd(t *testing.T) {
	ctx, s, other := setup(t)
	var group sync.WaitGroup
	var done atomic.Bool
	const readers, writes = 4, 200
	clients := make([]rueidis.Client, readers)
	for i := range clients {
		clients[i] = cachingClient(t, s, nil)
		group.Go(func() {
			for !done.Load() {
				cachedGet(ctx, clients[i], "k")
			}
		})
	}
	for i := range writes {
		check(t, other.Set(ctx, "k", i, 0).Err())
	}
	done.Store(true)
	group.Wait()
	for _, client := range clients {
		waitUntil(t, "the last value", func() bool {
			value, err := cachedGet(ctx, client, "k").ToString()
			return err == nil && value == strconv.Itoa(writes-1)
		})
	}
}
