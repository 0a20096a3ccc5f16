-- What wrk asks: the lines of a file, in turns or each once. A line is a method, a path, a token and a body.
local lines, at, once = {}, 0, false

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
  return wrk.format(method, path, { ["X-Auth-Token"] = token, ["Content-Type"] = "application/json" }, body)
end
