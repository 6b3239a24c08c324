"""A shop's stock kept by functions on the server: what is taken is there, however many shoppers ask at
once, and a new version of the functions goes in while they do."""

NAME = "stock"

CODE = """#!lua name=stock
local function level(item)
  return tonumber(redis.call('HGET', item, 'level') or 0)
end

-- Takes args[1] pieces for the order args[2]. The pieces that are left, or -1 and nothing is taken.
local function take(keys, args)
  local item, orders = keys[1], keys[2]
  local pieces = tonumber(args[1])
  if level(item) < pieces then return -1 end
  redis.call('HSET', orders, args[2], pieces)
  return redis.call('HINCRBY', item, 'level', -pieces)
end

local function give_back(keys, args)
  local item, orders = keys[1], keys[2]
  local pieces = redis.call('HGET', orders, args[1])
  if not pieces then return redis.error_reply('NOORDER ' .. args[1]) end
  redis.call('HDEL', orders, args[1])
  return redis.call('HINCRBY', item, 'level', pieces)
end

redis.register_function('stock_add', function(keys, args)
  return redis.call('HINCRBY', keys[1], 'level', args[1])
end)
redis.register_function('stock_take', take)
redis.register_function('stock_give_back', give_back)
redis.register_function{
  function_name = 'stock_level', description = 'Pieces that are left',
  callback = function(keys) return {level(keys[1]), @VERSION@} end,
  flags = {'no-writes'}}
"""


class Stock:
    def __init__(self, client):
        self.client = client

    def deploy(self, version=1):
        return self.client.function_load(CODE.replace("@VERSION@", str(version)), replace=True)

    def add(self, item, pieces):
        return self.client.fcall("stock_add", 1, f"stock:{item}", pieces)

    def take(self, item, pieces, order):
        """The pieces that are left; None when there were too few."""
        left = self.client.fcall("stock_take", 2, f"stock:{item}", f"orders:{item}", pieces, order)
        return None if left < 0 else left

    def give_back(self, item, order):
        return self.client.fcall("stock_give_back", 2, f"stock:{item}", f"orders:{item}", order)

    def level(self, item):
        """The pieces that are left, and the version that counted them."""
        left, version = self.client.fcall_ro("stock_level", 1, f"stock:{item}")
        return left, version
