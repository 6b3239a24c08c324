package clients

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/rueidis"
	"github.com/redis/rueidis/rueidislock"
)

// rueidisOptions are limits that a noisy machine never reaches.
func rueidisOptions(s *server, caching bool) rueidis.ClientOption {
	option := rueidis.ClientOption{
		InitAddress: []string{s.address()}, ConnWriteTimeout: deadline, DisableCache: !caching,
	}
	option.Dialer.Timeout = deadline
	return option
}

func openRueidis(t *testing.T, s *server, caching bool) rueidis.Client {
	client := must[rueidis.Client](t)(rueidis.NewClient(rueidisOptions(s, caching)))
	t.Cleanup(client.Close)
	return client
}

// needTracking skips a test of client-side caching on a server that has none.
func needTracking(t *testing.T, client rueidis.Client) {
	reply := client.Do(context.Background(), client.B().Arbitrary("CLIENT", "TRACKINGINFO").Build())
	if err := reply.Error(); err != nil && strings.Contains(err.Error(), "unknown subcommand") {
		t.Skip("the server has no CLIENT TRACKING")
	}
}

func TestRueidisPipelinesOfManyCallersDoNotMix(t *testing.T) {
	ctx, s, _ := setup(t)
	client := openRueidis(t, s, false)
	var group sync.WaitGroup
	for caller := range 64 {
		group.Go(func() {
			for number := range 100 {
				key := strconv.Itoa(caller) + ":" + strconv.Itoa(number)
				set := client.B().Set().Key(key).Value(key).Ex(long).Build()
				if err := client.Do(ctx, set).Error(); err != nil {
					t.Error(err)
					return
				}
				got, err := client.Do(ctx, client.B().Get().Key(key).Build()).ToString()
				if err != nil || got != key {
					t.Errorf("got %q (%v), want %q", got, err, key)
				}
			}
		})
	}
	group.Wait()
	replies := client.DoMulti(ctx, client.B().Dbsize().Build(), client.B().Incrby().Key("n").Increment(7).Build(),
		client.B().Hset().Key("h").FieldValue().FieldValue("f", "v").Build(), client.B().Hgetall().Key("h").Build(),
		client.B().Zadd().Key("z").ScoreMember().ScoreMember(1.5, "m").Build(),
		client.B().Zrange().Key("z").Min("0").Max("-1").Withscores().Build())
	equal(t, "size", must[int64](t)(replies[0].AsInt64()), 6400)
	equal(t, "sum", must[int64](t)(replies[1].AsInt64()), 7)
	equal(t, "field", must[map[string]string](t)(replies[3].AsStrMap())["f"], "v")
	equal(t, "score", must[[]rueidis.ZScore](t)(replies[5].AsZScores())[0].Score, 1.5)
	script := rueidis.NewLuaScript("return {KEYS[1], redis.call('incrby', KEYS[1], ARGV[1])}")
	reply := must[[]rueidis.RedisMessage](t)(script.Exec(ctx, client, []string{"n"}, []string{"35"}).ToArray())
	equal(t, "script", must[int64](t)(reply[1].AsInt64()), 42)
}

func TestRueidisWatchesBlocksAndListens(t *testing.T) {
	ctx, s, _ := setup(t)
	client := openRueidis(t, s, false)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for done := 0; done < 10; {
				err := client.Dedicated(func(c rueidis.DedicatedClient) error {
					c.Do(ctx, c.B().Watch().Key("count").Build())
					held, _ := c.Do(ctx, c.B().Get().Key("count").Build()).AsInt64()
					replies := c.DoMulti(ctx, c.B().Multi().Build(),
						c.B().Set().Key("count").Value(strconv.FormatInt(held+1, 10)).Build(), c.B().Exec().Build())
					return replies[2].Error()
				})
				if err == nil {
					done++
				} else if !rueidis.IsRedisNil(err) {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	equal(t, "count", must[string](t)(client.Do(ctx, client.B().Get().Key("count").Build()).ToString()), "80")

	popped := make(chan string)
	go func() {
		pair, _ := client.Do(ctx, client.B().Blpop().Key("queue").Timeout(0).Build()).AsStrSlice()
		popped <- strings.Join(pair, "=")
	}()
	check(t, client.Do(ctx, client.B().Rpush().Key("queue").Element("job").Build()).Error())
	equal(t, "popped", <-popped, "queue=job")

	listening, stop := context.WithCancel(ctx)
	defer stop()
	var heard atomic.Int64
	go client.Receive(listening, client.B().Subscribe().Channel("news").Build(), func(rueidis.PubSubMessage) {
		heard.Add(1)
	})
	waitUntil(t, "it subscribed", func() bool {
		listeners, _ := client.Do(ctx, client.B().Publish().Channel("news").Message("m").Build()).AsInt64()
		return listeners == 1
	})
	waitUntil(t, "it heard", func() bool { return heard.Load() == 1 })
}

func TestRueidisCachesAndForgetsWhatChanged(t *testing.T) {
	ctx, s, _ := setup(t)
	writer := openRueidis(t, s, false)
	needTracking(t, writer)
	reader := openRueidis(t, s, true)
	read := func() (string, bool) {
		reply := reader.DoCache(ctx, reader.B().Get().Key("key").Cache(), long)
		return must[string](t)(reply.ToString()), reply.IsCacheHit()
	}
	for round := range 20 {
		value := strconv.Itoa(round)
		check(t, writer.Do(ctx, writer.B().Set().Key("key").Value(value).Ex(long).Build()).Error())
		waitUntil(t, "the change is seen", func() bool { got, _ := read(); return got == value })
		waitUntil(t, "then it comes from the cache", func() bool { _, hit := read(); return hit })
	}
	keys := make(map[string]string)
	for number := range 100 {
		keys["k"+strconv.Itoa(number)] = strconv.Itoa(number)
	}
	for _, err := range rueidis.MSet(writer, ctx, keys) {
		check(t, err)
	}
	names := make([]string, 0, len(keys))
	for name := range keys {
		names = append(names, name)
	}
	for range 2 {
		for name, message := range must[map[string]rueidis.RedisMessage](t)(rueidis.MGetCache(reader, ctx, long, names)) {
			equal(t, name, must[string](t)(message.ToString()), keys[name])
		}
	}
}

// The lock waits for the invalidation of its keys: it is client-side caching at work.
func TestRueidislockExcludes(t *testing.T) {
	ctx, s, client := setup(t)
	needTracking(t, openRueidis(t, s, false))
	var inside, violations atomic.Int64
	var group sync.WaitGroup
	for range 4 {
		locker := must[rueidislock.Locker](t)(rueidislock.NewLocker(rueidislock.LockerOption{
			ClientOption: rueidisOptions(s, true), KeyMajority: 1, NoLoopTracking: true, KeyValidity: long,
		}))
		t.Cleanup(locker.Close)
		for range 4 {
			group.Go(func() {
				for range 3 {
					_, release, err := locker.WithContext(ctx, "lock")
					if err != nil {
						t.Error(err)
						return
					}
					if inside.Add(1) != 1 {
						violations.Add(1)
					}
					inside.Add(-1)
					release()
				}
			})
		}
	}
	group.Wait()
	equal(t, "violations", violations.Load(), 0)
	equal(t, "keys left", must[int64](t)(client.DBSize(ctx).Result()), 0)
}
