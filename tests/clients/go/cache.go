// Package clients holds small applications of a cache server on go-redis.
package clients

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"time"

	"github.com/redis/go-redis/v9"
)

// release deletes a lock only for the one who holds it.
var release = redis.NewScript(`
if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) else return 0 end`)

// extend renews a lock only for the one who holds it.
var extend = redis.NewScript(`
if redis.call("get", KEYS[1]) == ARGV[1] then
  return redis.call("pexpire", KEYS[1], ARGV[2])
else
  return 0
end`)

// CacheAside reads the cache, loads on a miss and keeps the value for a TTL.
type CacheAside struct {
	Client *redis.Client
	TTL    time.Duration
}

// Get may load several times when several callers miss at once.
func (c *CacheAside) Get(ctx context.Context, key string, load func() (string, error)) (string, error) {
	value, err := c.Client.Get(ctx, key).Result()
	if !errors.Is(err, redis.Nil) {
		return value, err
	}
	if value, err = load(); err != nil {
		return "", err
	}
	return value, c.Client.Set(ctx, key, value, c.TTL).Err()
}

// GetOrSet lets one caller load while the others wait for its value.
func (c *CacheAside) GetOrSet(ctx context.Context, key string, load func() (string, error)) (string, error) {
	lock := &LeaseLock{Client: c.Client, Name: "lock:" + key, TTL: 10 * time.Minute}
	for {
		value, err := c.Client.Get(ctx, key).Result()
		if !errors.Is(err, redis.Nil) {
			return value, err
		}
		held, err := lock.TryAcquire(ctx)
		if err != nil {
			return "", err
		}
		if held {
			defer lock.Release(ctx)
			// Another owner may have stored the value between our GET and our SET.
			return c.Get(ctx, key, load)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// LeaseLock is a lock on one server: SET NX EX takes it, only its owner can release or extend it.
type LeaseLock struct {
	Client *redis.Client
	Name   string
	TTL    time.Duration
	token  string
}

func (l *LeaseLock) TryAcquire(ctx context.Context) (bool, error) {
	if l.token == "" {
		l.token = fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64())
	}
	return l.Client.SetNX(ctx, l.Name, l.token, l.TTL).Result()
}

func (l *LeaseLock) Acquire(ctx context.Context) error {
	for {
		if held, err := l.TryAcquire(ctx); held || err != nil {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (l *LeaseLock) Release(ctx context.Context) (bool, error) {
	return release.Run(ctx, l.Client, []string{l.Name}, l.token).Bool()
}

func (l *LeaseLock) Extend(ctx context.Context, ttl time.Duration) (bool, error) {
	return extend.Run(ctx, l.Client, []string{l.Name}, l.token, ttl.Milliseconds()).Bool()
}

// Cached keeps a function's results under a hash of its argument.
func Cached[A, R any](client *redis.Client, name string, ttl time.Duration,
	call func(A) (R, error)) func(context.Context, A) (R, error) {
	return func(ctx context.Context, argument A) (result R, err error) {
		text, err := json.Marshal(argument)
		if err != nil {
			return result, err
		}
		digest := sha256.Sum256(text)
		key := "calls:" + name + ":" + hex.EncodeToString(digest[:])
		held, err := client.Get(ctx, key).Bytes()
		if err == nil {
			return result, json.Unmarshal(held, &result)
		}
		if !errors.Is(err, redis.Nil) {
			return result, err
		}
		if result, err = call(argument); err != nil {
			return result, err
		}
		if text, err = json.Marshal(result); err != nil {
			return result, err
		}
		return result, client.Set(ctx, key, text, ttl).Err()
	}
}
