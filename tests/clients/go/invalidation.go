package clients

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// InvalidatePattern deletes what matches in chunks and returns how many keys went.
func InvalidatePattern(ctx context.Context, client *redis.Client, pattern string) (int64, error) {
	var deleted int64
	for cursor := uint64(0); ; {
		keys, next, err := client.Scan(ctx, cursor, pattern, 1000).Result()
		if err != nil {
			return deleted, err
		}
		if len(keys) > 0 {
			count, err := client.Del(ctx, keys...).Result()
			if err != nil {
				return deleted, err
			}
			deleted += count
		}
		if cursor = next; cursor == 0 {
			return deleted, nil
		}
	}
}

// TaggedCache keeps, for each tag, a set of the keys that carry it.
type TaggedCache struct {
	Client *redis.Client
	TTL    time.Duration
}

func (c *TaggedCache) Put(ctx context.Context, key string, value any, tags ...string) error {
	_, err := c.Client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Set(ctx, key, value, c.TTL)
		for _, tag := range tags {
			pipe.SAdd(ctx, "tag:"+tag, key)
			pipe.Expire(ctx, "tag:"+tag, c.TTL+time.Minute)
		}
		return nil
	})
	return err
}

// Invalidate drops the entries that carry the tag and returns how many there were.
func (c *TaggedCache) Invalidate(ctx context.Context, tag string) (int64, error) {
	keys, err := c.Client.SMembers(ctx, "tag:"+tag).Result()
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	var deleted *redis.IntCmd
	_, err = c.Client.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		deleted = pipe.Del(ctx, keys...)
		pipe.Del(ctx, "tag:"+tag)
		return nil
	})
	return deleted.Val(), err
}

// Operation names a cache of responses, its TTL (0: for ever), and what else makes the key.
type Operation struct {
	Name       string
	TTL        time.Duration
	Headers    []string
	Parameters []string
}

type storedResponse struct {
	Header http.Header
	Body   []byte
}

// ResponseCache is HTTP middleware over named caches.
type ResponseCache struct{ Client *redis.Client }

func responseKey(operation Operation, request *http.Request) string {
	query, given := url.Values{}, request.URL.Query()
	for _, name := range operation.Parameters {
		if values, present := given[name]; present {
			query[name] = values
		}
	}
	headers := append([]string(nil), operation.Headers...)
	sort.Strings(headers)
	varying := make([]string, 0, len(headers))
	for _, name := range headers {
		varying = append(varying, name+"="+request.Header.Get(name))
	}
	return "response:" + operation.Name + ":" + request.URL.Path + "?" + query.Encode() + "#" +
		strings.Join(varying, "&")
}

// Wrap serves from the cache what it can; only responses with status 200 are kept.
func (c *ResponseCache) Wrap(operation Operation, next http.Handler) http.Handler {
	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		key := responseKey(operation, request)
		var stored storedResponse
		held, err := c.Client.Get(request.Context(), key).Bytes()
		if err == nil && json.Unmarshal(held, &stored) == nil {
			send(writer, stored, "HIT", http.StatusOK)
			return
		}
		if err != nil && !errors.Is(err, redis.Nil) {
			http.Error(writer, err.Error(), http.StatusBadGateway)
			return
		}
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, request)
		stored = storedResponse{recorder.Header(), recorder.Body.Bytes()}
		if recorder.Code == http.StatusOK {
			text, _ := json.Marshal(stored)
			c.Client.Set(request.Context(), key, text, operation.TTL)
		}
		send(writer, stored, "MISS", recorder.Code)
	})
}

func send(writer http.ResponseWriter, stored storedResponse, origin string, status int) {
	for name, values := range stored.Header {
		writer.Header()[name] = values
	}
	writer.Header().Set("X-Cache", origin)
	writer.WriteHeader(status)
	writer.Write(stored.Body)
}

// Invalidate drops one named cache.
func (c *ResponseCache) Invalidate(ctx context.Context, name string) (int64, error) {
	return InvalidatePattern(ctx, c.Client, "response:"+name+":*")
}

// QueryCache keeps query results; a write to the table drops all variants of its queries.
type QueryCache struct {
	Client *redis.Client
	TTL    time.Duration
}

// storeIfUnchanged keeps a result computed before a write from being stored after it.
var storeIfUnchanged = redis.NewScript(`
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return redis.call('SADD', KEYS[3], KEYS[2])`)

var dropVariants = redis.NewScript(`
redis.call('INCR', KEYS[1])
local dropped = 0
for _, key in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  dropped = dropped + redis.call('UNLINK', key)
end
redis.call('DEL', KEYS[2])
return dropped`)

func (c *QueryCache) Fetch(ctx context.Context, table, query string, run func() string) (string, error) {
	key := "query:" + table + ":" + query
	held, err := c.Client.MGet(ctx, key, "version:"+table).Result()
	if err != nil {
		return "", err
	}
	if text, hit := held[0].(string); hit {
		return text, nil
	}
	version, known := held[1].(string)
	if !known {
		version = "0"
	}
	rows := run()
	keys := []string{"version:" + table, key, "variants:" + table}
	return rows, storeIfUnchanged.Run(ctx, c.Client, keys, version, rows, c.TTL.Milliseconds()).Err()
}

func (c *QueryCache) Invalidate(ctx context.Context, table string) (int64, error) {
	return dropVariants.Run(ctx, c.Client, []string{"version:" + table, "variants:" + table}).Int64()
}
