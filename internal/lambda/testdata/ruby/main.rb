require 'stringio'

def handler(event:, context:)
  case event.is_a?(Hash) && event['do']
  when 'raise' then raise ArgumentError, 'as told'
  when 'raise line feed' then raise "two\nlines"
  when 'no such name' then nobody
  when 'exit' then exit 3
  when 'nothing' then nil
  when 'bytes' then StringIO.new('raw')
  when 'strange' then Float::NAN
  when 'pid' then Process.pid
  when 'print'
    puts 'one line'
    warn 'and an error'
    'printed'
  when 'context'
    { id: context.aws_request_id, name: context.function_name, version: context.function_version, memory: context.memory_limit_in_mb,
      arn: context.invoked_function_arn, group: context.log_group_name, left: context.get_remaining_time_in_millis > 1000,
      client: context.client_context, trace: ENV['_X_AMZN_TRACE_ID'], runtime: ENV['AWS_EXECUTION_ENV'] }
  when 'http' then { statusCode: 200, headers: { 'x-path' => event['path'] }, body: event['httpMethod'], isBase64Encoded: false }
  else event
  end
end

def one_argument(event)
  event
end

module Shop
  class Orders
    def self.list(event:, context:)
      %w[a b]
    end
  end
end
