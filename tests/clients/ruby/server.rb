# Starts one server per test and ends it by pid. The binary is named by LARDER_SERVER.

require 'socket'
require 'tmpdir'

DEADLINE_S = 60
HOST = '127.0.0.1'

# Polls until the block is true and returns its value; fails after a generous deadline.
def wait_until(what)
  deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + DEADLINE_S
  until (value = yield)
    raise "not within #{DEADLINE_S} s: #{what}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline

    sleep 0.01
  end
  value
end

# True once the process has ended; then $? tells how.
def ended?(pid)
  !Process.wait(pid, Process::WNOHANG).nil?
end

def free_port
  loop do
    # Below the range from which the kernel draws the ports of outgoing connections; see README.md.
    port = rand(20_000..31_999)
    TCPServer.new(HOST, port).close
    return port
  rescue SystemCallError
    next
  end
end

# One server process on a private port.
class Server
  STARTS_MAX = 8

  attr_reader :port

  def initialize(*options)
    @options = options
    @folder = Dir.mktmpdir('larder-client-test-')
    STARTS_MAX.times do
      @port = free_port
      return if spawn_and_wait
    end
    raise "server did not start: #{log}"
  end

  # Ends the process by SIGTERM. A crash before, or an exit code other than 0, is an error.
  def stop
    unless ended?(@pid)
      Process.kill(:TERM, @pid)
      wait_until("the server ends: #{log}") { ended?(@pid) }
    end
    raise "server ended badly (#{$?}): #{log}" unless $?.success?
  ensure
    FileUtils.remove_entry(@folder)
  end

  def url
    "redis://#{HOST}:#{@port}/0"
  end

  private

  def log
    File.read(File.join(@folder, 'log'))
  end

  # Returns false if the process ended before it answered (its port was taken, say).
  def spawn_and_wait
    binary = ENV.fetch('LARDER_SERVER')
    command = [binary, '--port', @port.to_s, *@options]
    command += ['--save', ''] if File.basename(binary) == 'redis-server'
    # The server must not outlive a test runner that is killed.
    command = %w[setpriv --pdeathsig KILL --] + command if File.executable?('/usr/bin/setpriv')
    @pid = spawn(*command, chdir: @folder, in: File::NULL, %i[out err] => [File.join(@folder, 'log'), 'a'])
    wait_until("the server answers: #{log}") do
      return false if ended?(@pid)

      answers?
    end
  end

  def answers?
    reply = TCPSocket.open(HOST, @port) do |socket|
      socket.write("PING\r\nINFO server\r\nQUIT\r\n")
      socket.read
    end
    # Two tests may have drawn the same port: trust only the process started here.
    reply.start_with?('+PONG') && reply[/process_id:(\d+)/, 1].to_i == @pid
  rescue SystemCallError
    false
  end
end
