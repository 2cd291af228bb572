def handler(event:, context:) = 'nested'
