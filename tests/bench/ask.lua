-- What wrk asks: the lines of a file, in turns or each once. A line is a method, a path, a token and a body: JSON, or the
-- name of a file behind an @.
local lines, at, once = {}, 0, false
local files = {}

local function bytes_of(name)
  if not files[name] then
    local file = assert(io.open(name, "rb"))
    files[name] = file:read("*a")
    file:close()
  end
  return files[name]
end

function init(args)
  once = args[2] == "once"
  for line in io.lines(args[1]) do lines[#lines + 1] = line end
end

function request()
  at = at + 1
  if at > #lines then
    if once then wrk.thread:stop() end
    at = once and #lines or 1
  end
  local method, path, token, body = lines[at]:match("^(%S+) (%S+) (%S+) ?(.*)$")
  local kind = "application/json"
  if body:sub(1, 1) == "@" then
    kind, body = "application/octet-stream", bytes_of(body:sub(2))
  end
  return wrk.format(method, path, { ["X-Auth-Token"] = token, ["Content-Type"] = kind }, body)
end
