package clients

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Table is the slow store behind the cache.
type Table struct {
	mutex sync.Mutex
	rows  map[string]string
}

func (t *Table) Put(name, value string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.rows == nil {
		t.rows = map[string]string{}
	}
	t.rows[name] = value
}

func (t *Table) Get(name string) (string, bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	value, found := t.rows[name]
	return value, found
}

// WriteThrough stores in the table and the cache in one call.
type WriteThrough struct {
	Client *redis.Client
	Table  *Table
	TTL    time.Duration
}

func (w *WriteThrough) Put(ctx context.Context, name, value string) error {
	w.Table.Put(name, value)
	return w.Client.Set(ctx, "item:"+name, value, w.TTL).Err()
}

func (w *WriteThrough) Get(ctx context.Context, name string) (string, bool, error) {
	held, err := w.Client.GetEx(ctx, "item:"+name, w.TTL).Result()
	if !errors.Is(err, redis.Nil) {
		return held, err == nil, err
	}
	value, found := w.Table.Get(name)
	if !found {
		return "", false, nil
	}
	return value, true, w.Client.Set(ctx, "item:"+name, value, w.TTL).Err()
}

// WriteBehind acknowledges once the cache holds the value; Flush moves it to the table later.
type WriteBehind struct {
	Client *redis.Client
	Table  *Table
}

// takeBatch takes dirty names together with their values, in one step.
var takeBatch = redis.NewScript(`
local names = redis.call('SPOP', KEYS[1], ARGV[1])
local flat = {}
for _, name in ipairs(names) do
  flat[#flat + 1] = name
  flat[#flat + 1] = redis.call('GET', 'item:' .. name)
end
return flat`)

func (w *WriteBehind) Put(ctx context.Context, name, value string) error {
	_, err := w.Client.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Set(ctx, "item:"+name, value, 0)
		pipe.SAdd(ctx, "dirty", name)
		return nil
	})
	return err
}

// Add counts by optimistic locking: WATCH, read, MULTI, EXEC, again if somebody wrote.
func (w *WriteBehind) Add(ctx context.Context, name string, amount int) error {
	for {
		err := w.Client.Watch(ctx, func(tx *redis.Tx) error {
			held, err := tx.Get(ctx, "item:"+name).Int()
			if err != nil && !errors.Is(err, redis.Nil) {
				return err
			}
			_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
				pipe.Set(ctx, "item:"+name, strconv.Itoa(held+amount), 0)
				pipe.SAdd(ctx, "dirty", name)
				return nil
			})
			return err
		}, "item:"+name)
		if !errors.Is(err, redis.TxFailedErr) {
			return err
		}
	}
}

// Flush moves one batch and returns its size, 0 when nothing is dirty.
func (w *WriteBehind) Flush(ctx context.Context, batch int) (int, error) {
	flat, err := takeBatch.Run(ctx, w.Client, []string{"dirty"}, batch).StringSlice()
	for i := 0; i+1 < len(flat); i += 2 {
		w.Table.Put(flat[i], flat[i+1])
	}
	return len(flat) / 2, err
}
