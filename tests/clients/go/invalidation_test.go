package clients

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestInvalidationByEventReachesEveryInstance(t *testing.T) {
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprintf("RESP%d", protocol), func(t *testing.T) {
			ctx, s, _ := setup(t)
			client := connect(t, s, func(o *redis.Options) { o.Protocol = protocol })
			const instances = 3
			dropped := make(chan string, 100)
			for range instances {
				subscriber := client.Subscribe(ctx, "invalidate")
				defer subscriber.Close()
				must[any](t)(subscriber.Receive(ctx))
				go func() {
					for message := range subscriber.Channel() {
						dropped <- message.Payload
					}
				}()
			}
			for _, key := range []string{"a", "b\x00\r\n"} {
				equal(t, "told", must[int64](t)(client.Publish(ctx, "invalidate", key).Result()), instances)
				for range instances {
					select {
					case got := <-dropped:
						equal(t, "message", got, key)
					case <-time.After(deadline):
						t.Fatal("no message")
					}
				}
			}
		})
	}
}

func TestInvalidationByPatternOfAHundredThousandKeys(t *testing.T) {
	ctx, _, client := setup(t)
	const keys = 100_000
	for from := 0; from < keys; from += 10_000 {
		_, err := client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i := from; i < from+10_000; i++ {
				pipe.Set(ctx, fmt.Sprintf("page:%d", i), i, time.Hour)
			}
			return nil
		})
		check(t, err)
	}
	check(t, client.MSet(ctx, "kept:1", 1, "kept:2", 2).Err())
	iterator, seen := client.Scan(ctx, 0, "page:1*", 500).Iterator(), map[string]bool{}
	for iterator.Next(ctx) {
		seen[iterator.Val()] = true
	}
	check(t, iterator.Err())
	equal(t, "seen", len(seen), 11_111)
	equal(t, "deleted", must[int64](t)(InvalidatePattern(ctx, client, "page:*")), keys)
	equal(t, "left", client.DBSize(ctx).Val(), 2)
}

func TestInvalidationByTag(t *testing.T) {
	ctx, _, client := setup(t)
	cache := &TaggedCache{client, 10 * time.Minute}
	for i := range 500 {
		check(t, cache.Put(ctx, fmt.Sprintf("p%d", i), i, "all", fmt.Sprintf("shop%d", i%4)))
	}
	if client.TTL(ctx, "tag:all").Val() <= 10*time.Minute {
		t.Fatal("the tag does not outlive its entries")
	}
	equal(t, "dropped", must[int64](t)(cache.Invalidate(ctx, "shop1")), 125)
	equal(t, "dropped twice", must[int64](t)(cache.Invalidate(ctx, "shop1")), 0)
	equal(t, "others", client.Exists(ctx, "p0", "p1", "p2").Val(), 2)
	equal(t, "rest", must[int64](t)(cache.Invalidate(ctx, "all")), 375)
}

func TestResponseCache(t *testing.T) {
	ctx, _, client := setup(t)
	cache, calls := &ResponseCache{client}, 0
	origin := http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		calls++
		if request.URL.Query().Get("page") == "404" {
			http.Error(writer, "no such page", http.StatusNotFound)
			return
		}
		fmt.Fprintf(writer, "%s #%d \x00\xff", request.URL, calls)
	})
	mux := http.NewServeMux()
	products := Operation{"products", 10 * time.Minute, []string{"Accept-Language"}, []string{"page", "size"}}
	mux.Handle("/products", cache.Wrap(products, origin))
	mux.Handle("/countries", cache.Wrap(Operation{Name: "countries"}, origin))
	mux.Handle("/prices", cache.Wrap(Operation{Name: "prices", TTL: 50 * time.Millisecond}, origin))
	web := httptest.NewServer(mux)
	defer web.Close()
	get := func(path, language string) (string, bool) {
		request := must[*http.Request](t)(http.NewRequest("GET", web.URL+path, nil))
		request.Header.Set("Accept-Language", language)
		response := must[*http.Response](t)(http.DefaultClient.Do(request))
		defer response.Body.Close()
		return string(must[[]byte](t)(io.ReadAll(response.Body))), response.Header.Get("X-Cache") == "HIT"
	}
	expect := func(path, language string, hit bool) {
		t.Helper()
		_, got := get(path, language)
		equal(t, path+" "+language+" hit", got, hit)
	}

	first, _ := get("/products?page=1&size=5&utm=a", "en")
	second, hit := get("/products?utm=b&size=5&page=1", "en")
	equal(t, "hit", hit, true)
	equal(t, "body", second, first)
	expect("/products?page=1&size=5", "de", false)
	expect("/products?page=1&size=5", "de", true)
	expect("/products?page=2&size=5", "en", false)
	expect("/products?page=404", "en", false)
	expect("/products?page=404", "en", false)
	expect("/countries", "en", false)
	expect("/countries", "de", true)
	equal(t, "for ever", client.TTL(ctx, client.Keys(ctx, "response:countries:*").Val()[0]).Val(), -1)
	expect("/prices", "en", false)
	waitUntil(t, "prices expire", func() bool { return len(client.Keys(ctx, "response:prices:*").Val()) == 0 })
	expect("/prices", "en", false)
	equal(t, "dropped", must[int64](t)(cache.Invalidate(ctx, "products")), 3)
	expect("/products?page=2&size=5", "en", false)
	expect("/countries", "en", true)
	check(t, client.FlushDBAsync(ctx).Err())
	expect("/countries", "en", false)
}

func TestQueryCacheInvalidatesAllVariants(t *testing.T) {
	ctx, _, client := setup(t)
	cache, runs := &QueryCache{client, 10 * time.Minute}, 0
	run := func() string { runs++; return fmt.Sprintf("rows %d", runs) }
	for range 2 {
		for page := range 30 {
			must[string](t)(cache.Fetch(ctx, "items", fmt.Sprintf("page=%d", page), run))
		}
	}
	must[string](t)(cache.Fetch(ctx, "users", "", run))
	equal(t, "runs", runs, 31)
	equal(t, "dropped", must[int64](t)(cache.Invalidate(ctx, "items")), 30)
	must[string](t)(cache.Fetch(ctx, "users", "", run))
	equal(t, "runs", runs, 31)
	stale := must[string](t)(cache.Fetch(ctx, "items", "page=1", func() string {
		must[int64](t)(cache.Invalidate(ctx, "items"))
		return "old"
	}))
	equal(t, "answer", stale, "old")
	equal(t, "next answer", must[string](t)(cache.Fetch(ctx, "items", "page=1", run)), "rows 32")
}
