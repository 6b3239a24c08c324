# What Sidekiq's own process loads: jobs that leave traces in Redis. REDIS_URL names the server.

require 'sidekiq'

class CountJob
  include Sidekiq::Worker

  def perform(amount)
    Sidekiq.redis { |redis| redis.incrby('total', amount) }
  end
end

# Fails at its first run; Sidekiq puts it among its retries.
class FailOnceJob
  include Sidekiq::Worker
  sidekiq_options retry: 3
  sidekiq_retry_in { 600 }

  def perform
    runs = Sidekiq.redis { |redis| redis.incr('runs') }
    raise 'the first run fails' if runs == 1
  end
end
