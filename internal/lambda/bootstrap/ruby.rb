# The runtime of ruby functions: asks the Runtime API for events, calls the
# handler, posts what comes of it. Handlers, names and words of errors are those
# of AWS's own client for Ruby. It reads the Runtime API by hand: net/http would
# cost a third of a cold start.
require 'json'
require 'socket'

module GatehouseLambda
  ROOT = ENV.fetch('LAMBDA_TASK_ROOT')
  FILE = '<gatehouse-ruby>'

  # One request at a time on one connection.
  class RuntimeAPI
    def initialize(address)
      @address = address
    end

    def call(method, target, body = nil, fields = {})
      if @socket.nil?
        host, port = @address.split(':')
        @socket = TCPSocket.new(host, port.to_i)
        @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
      end
      head = +"#{method} /2018-06-01/runtime/#{target} HTTP/1.1\r\nHost: #{@address}\r\n"
      fields.each { |name, value| head << "#{name}: #{value}\r\n" }
      head << "Content-Length: #{body.bytesize}\r\n" if body
      @socket.write((head << "\r\n").b << body.to_s.b)
      answer
    end

    private

    def answer
      line
      headers = {}
      until (field = line).empty?
        name, value = field.split(':', 2)
        headers[name.downcase] = value.strip
      end
      body = @socket.read(headers.fetch('content-length', '0').to_i)
      if headers['connection'] == 'close'
        @socket.close
        @socket = nil
      end
      [headers, body]
    end

    def line
      text = @socket.gets("\r\n")
      exit!(1) if text.nil? # the Runtime API is going away
      text.chomp("\r\n")
    end
  end

  # What a handler gets besides the event.
  class Context
    attr_reader :aws_request_id, :invoked_function_arn, :log_group_name, :log_stream_name, :function_name,
                :memory_limit_in_mb, :function_version, :identity, :client_context, :deadline_ms

    def initialize(headers)
      @aws_request_id = headers['lambda-runtime-aws-request-id']
      @invoked_function_arn = headers['lambda-runtime-invoked-function-arn']
      @deadline_ms = headers['lambda-runtime-deadline-ms'].to_i
      @log_group_name = ENV['AWS_LAMBDA_LOG_GROUP_NAME']
      @log_stream_name = ENV['AWS_LAMBDA_LOG_STREAM_NAME']
      @function_name = ENV['AWS_LAMBDA_FUNCTION_NAME']
      @memory_limit_in_mb = ENV['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
      @function_version = ENV['AWS_LAMBDA_FUNCTION_VERSION']
      @identity = parse(headers['lambda-runtime-cognito-identity'])
      @client_context = parse(headers['lambda-runtime-client-context'])
    end

    def get_remaining_time_in_millis
      [@deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond), 0].max
    end

    private

    def parse(text)
      JSON.parse(text) if text
    end
  end

  # Runs one function.
  class Runner
    def initialize(handler)
      @api = RuntimeAPI.new(ENV.fetch('AWS_LAMBDA_RUNTIME_API'))
      @handler = handler
    end

    def run
      load_handler
      loop { serve(*@api.call('GET', 'invocation/next')) }
    end

    private

    def load_handler
      parts = @handler.split('.')
      unless [2, 3].include?(parts.size)
        raise ArgumentError, "Invalid handler #{parts}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where FILENAME corresponds with an existing Ruby source file FILENAME.rb, CLASS is an optional module/class namespace and METHOD is a callable method. If using CLASS, METHOD must be a class-level method."
      end
      @file, @method = parts.first, parts.last
      @class = parts[1] if parts.size == 3
      require @file
    rescue Exception => e # whatever the function's own code raises
      doc = document(e, 'Init')
      log(doc)
      @api.call('POST', 'init/error', JSON.generate(doc), error_fields(doc))
      exit!(252) # -4, as Lambda's
    end

    def serve(headers, body)
      @id = headers['lambda-runtime-aws-request-id']
      exit!(1) if @id.nil? # the Runtime API is going away
      trace = headers['lambda-runtime-trace-id']
      trace ? ENV['_X_AMZN_TRACE_ID'] = trace : ENV.delete('_X_AMZN_TRACE_ID')
      answer, type = handle(headers, body)
      @api.call('POST', "invocation/#{@id}/response", answer, 'Content-Type' => type)
    rescue NameError, NoMemoryError, ScriptError, SecurityError, SignalException, SystemExit, SystemStackError => e
      fail_with(e)
      exit!(255) # -1: what AWS's client takes for critical ends the process
    rescue StandardError => e
      fail_with(e)
    end

    def handle(headers, body)
      event = JSON.parse(body.force_encoding('UTF-8'))
      receiver = @class ? Kernel.const_get(@class) : TOPLEVEL_BINDING.receiver
      result = receiver.__send__(@method, event: event, context: Context.new(headers))
      return [result.read, 'application/unknown'] if result.is_a?(IO) || (defined?(StringIO) && result.is_a?(StringIO))

      [result.to_json, 'application/json']
    end

    def fail_with(error)
      doc = document(error, 'Function')
      log(doc)
      @api.call('POST', "invocation/#{@id}/error", JSON.generate(doc), error_fields(doc))
    end

    def document(error, phase)
      frames = (error.backtrace || []).first(100).take_while { |f| !f.start_with?(FILE) }
      { errorMessage: error.message.dup.force_encoding('UTF-8').scrub, errorType: "#{phase}<#{error.class}>", stackTrace: frames }
    end

    def error_fields(doc)
      { 'Content-Type' => 'application/json', 'Lambda-Runtime-Function-Error-Type' => doc[:errorType].gsub(/[^ -~]/, '?') }
    end

    def log(doc)
      stamp = Time.now.utc.strftime('%Y-%m-%dT%H:%M:%S.%LZ')
      text = ["#{doc[:errorType]}: #{doc[:errorMessage]}", *doc[:stackTrace]].join("\n").gsub(/\r?\n/, "\r")
      $stdout.write("[ERROR]\t#{stamp}\t#{@id}\t#{text}\n")
    end
  end
end

$stdout.sync = $stderr.sync = true
$LOAD_PATH.unshift(GatehouseLambda::ROOT)
bundle = Dir[File.join(GatehouseLambda::ROOT, 'vendor', 'bundle', 'ruby', '*')].max
Gem.paths = { 'GEM_PATH' => [bundle, *Gem.path].join(File::PATH_SEPARATOR) } if bundle
GatehouseLambda::Runner.new(ENV.fetch('_HANDLER')).run
