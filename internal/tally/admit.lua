-- Lets a request in, or says why not: {verdict, and in how many microseconds the
-- plan's and the method's bucket have a token again; 0 is now}.
-- KEYS: the plan's bucket, the quota's count, the method's bucket; gatehouse:- is
-- none. ARGV: the plan's interval and depth in microseconds; what is known of the
-- count, the most it may become, the Unix time when its period is long over; the
-- method's interval and depth. A bucket is the time at which it will be full.
local none = 'gatehouse:-'
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function keep(key, full)
  redis.call('SET', key, string.format('%.3f', full), 'PX', string.format('%.0f', math.ceil((full - now) / 1000) + 1000))
end

local function take(key, interval, depth)
  local full = math.max(tonumber(redis.call('GET', key) or 0), now)
  if full > now + depth then -- emptier than empty: the clock went back
    full = now + depth
    keep(key, full)
  end
  local room = now + depth - interval + 0.5
  if full > room then return false, math.ceil(full - room) end
  full = full + interval
  keep(key, full)
  return true, math.max(0, math.ceil(full - room))
end

local taken, plan, method = true, 0, 0
if KEYS[1] ~= none then
  taken, plan = take(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]))
  if not taken then return {1, plan, 0} end
end
local used = 0
if KEYS[2] ~= none then
  used = math.max(tonumber(redis.call('GET', KEYS[2]) or 0), tonumber(ARGV[3]))
  if used >= tonumber(ARGV[4]) then return {2, plan, 0} end
end
if KEYS[3] ~= none then
  taken, method = take(KEYS[3], tonumber(ARGV[6]), tonumber(ARGV[7]))
  if not taken then return {3, plan, method} end
end
if KEYS[2] ~= none then
  redis.call('SET', KEYS[2], string.format('%.0f', used + 1), 'EXAT', ARGV[5])
end
return {0, plan, method}
