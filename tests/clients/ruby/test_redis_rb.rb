# redis-rb: pipelines, transactions, scripts, scans, pub/sub, blocking pops, TLS; on its own driver.

require 'minitest/autorun'
require 'open3'
require 'openssl'
require 'redis'
require_relative 'server'

Redis.silence_deprecations = true

class RedisRbTest < Minitest::Test
  def setup
    @server = Server.new
    @redis = connect
  end

  def teardown
    @redis.close
    @server.stop
  end

  def connect(**options)
    Redis.new(url: @server.url, timeout: DEADLINE_S, reconnect_attempts: 0, **options)
  end

  def wait_for_blocked(count)
    wait_until("#{count} clients wait") { @redis.info('clients')['blocked_clients'] == count.to_s }
  end

  def test_the_handshake_names_and_selects
    redis = connect(id: 'shop', db: 3)
    info = redis.client(:list).find { |client| client['name'] == 'shop' }
    assert_equal '3', info['db']
    redis.close
  end

  def test_a_pipeline_of_ten_thousand_keeps_its_order
    replies = @redis.pipelined do |pipeline|
      10_000.times { pipeline.incr('count') }
    end
    assert_equal (1..10_000).to_a, replies
  end

  def test_values_keep_their_bytes
    value = Random.new(1).bytes(1 << 20)
    @redis.set("k\0\r\n", value, px: 600_000)
    assert_equal value, @redis.get("k\0\r\n").b
    assert_operator @redis.pttl("k\0\r\n"), :>, 0
  end

  def test_a_transaction_fails_when_a_watched_key_changed
    result = @redis.watch('total') do
      connect.incr('total')
      @redis.multi { |transaction| transaction.set('total', 100) }
    end
    assert_nil result
    assert_equal [2, 'value', {}], (@redis.multi do |transaction|
      transaction.incr('total')
      transaction.set('text', 'value')
      transaction.get('text')
      transaction.hgetall('missing')
    end.values_at(0, 2, 3))
  end

  def test_an_error_names_its_kind
    @redis.lpush('list', 'a')
    error = assert_raises(Redis::CommandError) { @redis.incr('list') }
    assert_equal 'WRONGTYPE Operation against a key holding the wrong kind of value', error.message
    error = assert_raises(Redis::CommandError) { @redis.evalsha('0' * 40) }
    assert error.message.start_with?('NOSCRIPT ')
  end

  def test_a_script_releases_a_lock_for_its_owner_alone
    sha = @redis.script(:load, <<~LUA)
      if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
      return 0
    LUA
    assert @redis.set('lock', 'owner', nx: true, ex: 600)
    refute @redis.set('lock', 'other', nx: true, ex: 600)
    assert_equal 0, @redis.evalsha(sha, keys: ['lock'], argv: ['other'])
    assert_equal 1, @redis.evalsha(sha, keys: ['lock'], argv: ['owner'])
  end

  def test_scans_find_every_key
    @redis.mapped_mset((0...5_000).to_h { |number| ["page:#{number}", 'x'] })
    @redis.mapped_hmset('hash', (0...5_000).to_h { |number| ["f#{number}", number] })
    assert_equal 5_000, @redis.scan_each(match: 'page:*', count: 100).to_a.uniq.size
    assert_equal 5_000, @redis.hscan_each('hash', count: 100).to_a.uniq.size
  end

  def test_blocked_pops_are_served_in_the_order_of_arrival
    first = Thread.new { connect.blpop('none', 'jobs', timeout: 600) }
    wait_for_blocked(1)
    second = Thread.new { connect.brpop('jobs', timeout: 600) }
    wait_for_blocked(2)
    @redis.rpush('jobs', %w[one two three])
    assert_equal %w[jobs one], first.value
    assert_equal %w[jobs three], second.value
    lowest = Thread.new { connect.bzpopmin('scores', timeout: 600) }
    wait_for_blocked(1)
    @redis.zadd('scores', [[2.5, 'a'], [1.5, 'b']])
    assert_equal ['scores', 'b', 1.5], lowest.value
  end

  def test_subscribers_hear_messages_in_order
    heard = Queue.new
    ready = Queue.new
    subscriber = Thread.new do
      connect.psubscribe('news.*') do |on|
        on.psubscribe { ready << true }
        on.pmessage { |_, channel, message| heard << [channel, message] }
      end
    end
    ready.pop
    100.times { |number| assert_equal 1, @redis.publish("news.#{number}", "m#{number}") }
    100.times { |number| assert_equal ["news.#{number}", "m#{number}"], heard.pop }
    subscriber.kill
    subscriber.join
  end

  def test_a_group_of_consumers_reads_a_stream_once
    @redis.xgroup(:create, 'orders', 'workers', '0', mkstream: true)
    10.times { |number| @redis.xadd('orders', { n: number }) }
    seen = 5.times.flat_map do |turn|
      entries = @redis.xreadgroup('workers', "w#{turn % 2}", 'orders', '>', count: 2)['orders']
      entries.each { |id, _| @redis.xack('orders', 'workers', id) }
      entries.map { |_, fields| fields['n'] }
    end
    assert_equal (0...10).map(&:to_s), seen
    assert_equal 0, @redis.xpending('orders', 'workers')['size']
  end
end

class RedisRbTlsTest < Minitest::Test
  def setup
    @folder = Dir.mktmpdir('larder-client-test-')
    @authority_key = OpenSSL::PKey::EC.generate('prime256v1')
    @authority = certificate('authority', @authority_key)
    @key = OpenSSL::PKey::EC.generate('prime256v1')
    @certificate = certificate('loopback', @key, @authority)
    @port = free_port
    @server = Server.new('--tls-port', @port.to_s, '--tls-cert-file', file('crt', @certificate),
                         '--tls-key-file', file('key', @key), '--tls-ca-cert-file', file('ca', @authority))
  end

  def teardown
    @server.stop
    FileUtils.remove_entry(@folder)
  end

  # A certificate for loopback, signed by the issuer, or an authority's that is signed by itself.
  def certificate(name, key, issuer = nil)
    made = OpenSSL::X509::Certificate.new
    made.version = 2
    made.serial = rand(1..1 << 32)
    made.subject = OpenSSL::X509::Name.parse("/CN=#{name}")
    made.issuer = (issuer || made).subject
    made.public_key = key
    made.not_before = Time.now - 3600
    made.not_after = Time.now + 86_400
    extensions = OpenSSL::X509::ExtensionFactory.new(issuer || made, made)
    made.add_extension(issuer ? extensions.create_extension('subjectAltName', 'IP:127.0.0.1')
                              : extensions.create_extension('basicConstraints', 'CA:TRUE', true))
    made.sign(@authority_key, OpenSSL::Digest.new('SHA256'))
  end

  def file(name, contents)
    File.join(@folder, name).tap { |path| File.write(path, contents.to_pem) }
  end

  def connect(**ssl)
    Redis.new(url: "rediss://#{HOST}:#{@port}/0", timeout: DEADLINE_S, reconnect_attempts: 0,
              ssl_params: { ca_file: File.join(@folder, 'ca'), **ssl })
  end

  def test_bytes_are_spoken_with_certificates_alone
    redis = connect(cert: @certificate, key: @key)
    value = Random.new(1).bytes(1 << 20)
    redis.set('k', value)
    assert_equal value, redis.get('k').b
    redis.close
    assert_raises(Redis::BaseConnectionError, OpenSSL::SSL::SSLError) { connect.ping }
  end
end
