require 'json'
require 'everything-sdk'

odd = ENV.fetch('ODD')
url = ENV.fetch('URL')
anyone = Everything::Client.new(invoke_url: url)
full = Everything::Client.new(invoke_url: url, access_key_id: ENV.fetch('ACCESS'), secret_access_key: ENV.fetch('SECRET'),
                               session_token: ENV.fetch('TOKEN').then { |token| token.empty? ? nil : token }, api_key: ENV.fetch('API_KEY'))

def refused
  yield
  'sent'
rescue Everything::ApiError => e
  e.response.status
rescue ArgumentError
  'refused'
end

puts "plain #{anyone.get_api_root.json['path']}"
item = anyone.put_items_item_id(item_id: odd, q_name: [odd, '2'], x_odd_value: 'a "b"; c=d, e', body: { k: 'é"' }).json
puts "item #{JSON.generate([item['path'], item['q'], item['x'], JSON.parse(item['body'])])}"
puts "file #{anyone.get_files_path(path: 'a b/c+d/é').json['path']}"
puts "keyed #{full.get_keyed.status} #{refused { anyone.get_keyed }}"
signed = full.post_signed_id(id: odd, q_name: odd, body: { k: 1 }, extra_query: { 'q.name-z' => 'é &', 'Q' => '' }).json
puts "signed #{JSON.generate([signed['path'], signed['q']])} #{refused { anyone.post_signed_id(id: '1') }}"
puts "busy #{anyone.get_busy.status}"
puts "missing #{refused { anyone.put_items_item_id(item_id: '1') }} dots #{refused { anyone.put_items_item_id(item_id: '..', q_name: '1') }}"
puts "impatient #{refused { Everything::Client.new(invoke_url: url, retry_limit: 0).get_busy }}"
puts "flaky #{Everything::Client.new(invoke_url: ENV.fetch('FLAKY')).get_api_root.status}"
