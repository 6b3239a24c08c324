# Sidekiq as it is: clients push jobs, its process takes them (BRPOP), retries and schedules
# (sorted sets, scripts), and its API reads what is where.

require 'minitest/autorun'
require 'sidekiq/api'
require_relative 'jobs'
require_relative 'server'

class SidekiqTest < Minitest::Test
  def setup
    @server = Server.new
    Sidekiq.logger.level = Logger::ERROR
    Sidekiq.configure_client { |config| config.redis = { url: @server.url, timeout: DEADLINE_S } }
  end

  def teardown
    Sidekiq.redis_pool.shutdown(&:close)
    @server.stop
  end

  def total
    Sidekiq.redis { |redis| redis.get('total') }.to_i
  end

  # Runs Sidekiq's process while the block does.
  def with_workers
    log = File.join(Dir.tmpdir, "sidekiq-#{@server.port}.log")
    pid = spawn({ 'REDIS_URL' => @server.url }, RbConfig.ruby, '-S', 'sidekiq', '-r', './jobs.rb', '-c', '4',
                '-t', '5', in: File::NULL, %i[out err] => log)
    yield
    Process.kill(:TERM, pid)
    wait_until("Sidekiq ends: #{File.read(log)}") { ended?(pid) }
    assert $?.success?, File.read(log)
  ensure
    Process.kill(:KILL, pid) unless $? && $?.pid == pid
    File.delete(log)
  end

  def test_jobs_wait_in_their_queues
    3.times { CountJob.perform_async(1) }
    CountJob.perform_in(600, 1)
    assert_equal 3, Sidekiq::Queue.new('default').size
    assert_equal 1, Sidekiq::ScheduledSet.new.size
    assert_equal({ 'default' => 3 }, Sidekiq::Stats.new.queues)
    job = Sidekiq::Queue.new('default').first
    assert_equal 'CountJob', job.klass
    assert job.delete
    assert_equal 2, Sidekiq::Queue.new('default').size
    Sidekiq::Queue.new('default').clear
    Sidekiq::ScheduledSet.new.clear
    assert_equal 0, Sidekiq::Stats.new.enqueued
  end

  def test_its_process_runs_all_jobs_once_and_retries_those_that_fail
    Sidekiq::Client.push_bulk('class' => CountJob, 'args' => Array.new(500) { [1] })
    FailOnceJob.perform_async
    with_workers do
      wait_until('all jobs ran') { total == 500 }
      wait_until('the failed job waits for its retry') { Sidekiq::RetrySet.new.size == 1 }
      Sidekiq::RetrySet.new.retry_all
      wait_until('the retry ran') { Sidekiq.redis { |redis| redis.get('runs') } == '2' }
      wait_until('its process is known') { Sidekiq::ProcessSet.new.size == 1 }
    end
    assert_equal 502, wait_until('the counts are written') { Sidekiq::Stats.new.processed.then { |n| n if n >= 502 } }
    assert_equal 1, Sidekiq::Stats.new.failed
    assert_equal 0, Sidekiq::ProcessSet.new.size
  end
end
