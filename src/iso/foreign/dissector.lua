-- How frames are cut and fields are read; the tables above say what the dialect is.

local by_name = {}
local fields = {}
local function add(name, title)
  by_name[name] = ProtoField.string(dialect.proto .. "." .. name, title)
  fields[#fields + 1] = by_name[name]
end
add("mti", "Message type")
add("bitmap", "Bitmap")
add("fault", "Fault")
for _, part in ipairs(dialect.header) do add("header." .. part.name, part.name) end
for number, field in pairs(dialect.fields) do
  add("f" .. number, number .. " " .. field.title)
  if field.ber then add("f" .. number .. ".tag", number .. " tag") end
  for _, use in ipairs(field.uses) do
    for _, part in ipairs(use.parts) do
      local name = "f" .. number .. "." .. part.id
      if not by_name[name] then add(name, number .. "." .. part.id .. " " .. part.title) end
    end
  end
end
proto.fields = fields

local EBCDIC_HEX = {}
for digit = 0, 9 do EBCDIC_HEX[0xF0 + digit] = tostring(digit) end
for letter = 0, 5 do
  EBCDIC_HEX[0xC1 + letter] = string.char(65 + letter)
  EBCDIC_HEX[0x81 + letter] = string.char(65 + letter)
end

-- A character above 7F in UTF-8, as Latin-1 has it.
local function utf8_of(byte)
  if byte < 0x80 then return string.char(byte) end
  return string.char(0xC0 + math.floor(byte / 64), 0x80 + byte % 64)
end

local function number_of(encoding, tvb, at, count)
  local value = 0
  for place = 0, count - 1 do
    local where = at + place
    if encoding == "binary-le" then where = at + count - 1 - place end
    local byte = tvb(where, 1):uint()
    if encoding == "ascii" or encoding == "ebcdic" then
      local digit = byte - (encoding == "ascii" and 0x30 or 0xF0)
      if digit < 0 or digit > 9 then return nil end
      value = value * 10 + digit
    elseif encoding == "bcd" then
      local high, low = math.floor(byte / 16), byte % 16
      if high > 9 or low > 9 then return nil end
      value = value * 100 + high * 10 + low
    elseif encoding == "hex" then
      local digit = tonumber(string.char(byte), 16)
      if not digit then return nil end
      value = value * 16 + digit
    else
      value = value * 256 + byte
    end
  end
  return value
end

local function hex_of(tvb, at, count)
  if count == 0 then return "" end
  return string.upper(tvb(at, count):bytes():tohex())
end

local function characters(encoding, tvb, at, count)
  local text = {}
  local page = dialect.pages[encoding]
  for place = at, at + count - 1 do
    local byte = tvb(place, 1):uint()
    text[#text + 1] = utf8_of(page and page[byte + 1] or byte)
  end
  return table.concat(text)
end

local function bytes_of(field, units)
  local packing = field.packing
  if packing == "half" then return math.ceil(units / 2) end
  if packing == "signed" then return math.floor(units / 2) + 1 end
  if packing == "double" then return units * 2 end
  return units
end

local function units_in(field, bytes)
  local packing = field.packing
  if packing == "half" then return bytes * 2 end
  if packing == "signed" then return bytes * 2 - 1 end
  if packing == "double" then return math.floor(bytes / 2) end
  return bytes
end

local function packed(field, tvb, at, bytes, units)
  local digits = hex_of(tvb, at, bytes)
  if units % 2 == 0 then return digits end
  if field.align == "right" then return string.sub(digits, 2) end
  return string.sub(digits, 1, -2)
end

local function value_of(field, tvb, at, bytes, units)
  local encoding = field.encoding
  if field.packing == "signed" then
    return characters("ascii", tvb, at, 1) .. packed(field, tvb, at + 1, bytes - 1, units - 1)
  elseif encoding == "bcd" then
    return packed(field, tvb, at, bytes, units)
  elseif encoding == "raw" then
    return hex_of(tvb, at, bytes)
  elseif encoding == "hex-ebcdic" then
    local text = {}
    for place = at, at + bytes - 1 do
      text[#text + 1] = EBCDIC_HEX[tvb(place, 1):uint()] or "?"
    end
    return table.concat(text)
  elseif encoding == "hex" or encoding == "hex-lower" then
    return string.upper(characters("ascii", tvb, at, bytes))
  end
  return characters(encoding, tvb, at, bytes)
end

local function fits(mask, mti)
  for place = 1, 4 do
    local wanted = string.sub(mask, place, place)
    if wanted ~= "x" and wanted ~= string.sub(mti, place, place) then return false end
  end
  return true
end

local function parts_of(field, mti)
  for _, use in ipairs(field.uses) do
    for _, mask in ipairs(use.mti) do
      if fits(mask, mti) then return use.parts end
    end
  end
  return {}
end

local function tags(number, tvb, at, count, tree)
  local last = at + count
  while at < last do
    local start = at
    local first = tvb(at, 1):uint()
    at = at + 1
    if first % 32 == 31 then
      while at < last and tvb(at, 1):uint() >= 0x80 do at = at + 1 end
      at = at + 1
    end
    if at >= last then return end
    local tag = hex_of(tvb, start, at - start)
    local length = tvb(at, 1):uint()
    at = at + 1
    if length >= 0x80 then
      local more = length - 0x80
      if more == 0 or more > 2 or at + more > last then return end
      length = number_of("binary", tvb, at, more)
      at = at + more
    end
    if at + length > last then return end
    local text = tag .. "=" .. hex_of(tvb, at, length)
    tree:add(by_name["f" .. number .. ".tag"], tvb(start, at + length - start), text)
    at = at + length
  end
end

-- Puts a value into the tree. GBK is left to Wireshark: as a string of Lua it would be cut to as many
-- bytes as it had before.
local function show(name, field, tvb, at, bytes, units, tree)
  if field.encoding == "gbk" and bytes > 0 and ENC_GB18030 then
    return tree:add_packet_field(by_name[name], tvb(at, bytes), ENC_GB18030)
  end
  local text = value_of(field, tvb, at, bytes, units)
  return tree:add(by_name[name], tvb(at, bytes), text), text
end

-- A part of a field, unless the value ends before or within it: where a unit is a byte, those bytes;
-- else the digits that stand there.
local function show_part(name, part, field, tvb, at, bytes, units, text, tree)
  local count = part.units
  if part.open then count = math.min(count, units - part.at) end
  if part.at >= units or part.at + count > units then return end
  if field.packing == "single" then
    show(name, field, tvb, at + part.at, count, count, tree)
  else
    tree:add(by_name[name], tvb(at, bytes), string.sub(text, part.at + 1, part.at + count))
  end
end

-- One field: where it ends, or nothing and why.
local function read_field(number, field, tvb, at, mti, tree)
  local bytes, units
  if field.prefix then
    local prefix = field.prefix
    if at + prefix.bytes > tvb:len() then return nil, "the message ends in a length" end
    local said = number_of(prefix.encoding, tvb, at, prefix.bytes)
    if not said then return nil, "here should be a length" end
    if prefix.counts_itself then said = said - prefix.bytes end
    if prefix.counts == "bytes" then
      bytes = said
      units = math.min(units_in(field, said), field.max)
    else
      units = said
      bytes = bytes_of(field, said)
    end
    if said < 0 or units > field.max then return nil, "a length that cannot be" end
    at = at + prefix.bytes
  else
    units = field.max
    bytes = bytes_of(field, units)
  end
  if at + bytes > tvb:len() then return nil, "the message ends in the field" end
  local own, text = show("f" .. number, field, tvb, at, bytes, units, tree)
  for _, part in ipairs(parts_of(field, mti)) do
    show_part("f" .. number .. "." .. part.id, part, field, tvb, at, bytes, units, text, own)
  end
  if field.ber and bytes > 0 and field.encoding == "raw" then tags(number, tvb, at, bytes, own) end
  return at + bytes
end

local function read_bitmap(tvb, at, place, present)
  local shape = dialect.bitmap
  local size = shape.encoding == "raw" and 8 or 16
  if at + size > tvb:len() then return nil end
  local hex
  if shape.encoding == "raw" then
    hex = hex_of(tvb, at, 8)
  else
    hex = value_of({ encoding = shape.encoding }, tvb, at, 16, 8)
  end
  local more = false
  for digit = 1, 16 do
    local nibble = tonumber(string.sub(hex, digit, digit), 16)
    if not nibble then return nil end
    for bit = 0, 3 do
      if math.floor(nibble / 2 ^ (3 - bit)) % 2 == 1 then
        local number = place * 64 + (digit - 1) * 4 + bit + 1
        if number == 1 or (number == 65 and shape.third) then
          more = true
        else
          present[#present + 1] = number
        end
      end
    end
  end
  return at + size, more, hex
end

local function message(tvb, pinfo, root)
  pinfo.cols.protocol = dialect.name
  local tree = root:add(proto, tvb(), dialect.title)
  local at = dialect.frame.bytes
  local function fault(why)
    local rest = at < tvb:len() and tvb(at) or tvb(tvb:len() - 1)
    tree:add(by_name["fault"], rest, "byte " .. at .. ": " .. why)
    return tvb:len()
  end
  for _, part in ipairs(dialect.header) do
    if at >= tvb:len() then return fault("the message ends in the header") end
    local first = hex_of(tvb, at, 1)
    if not part.absent_before[first] then
      if at + part.bytes > tvb:len() then return fault("the message ends in the header") end
      local text = hex_of(tvb, at, part.bytes)
      tree:add(by_name["header." .. part.name], tvb(at, part.bytes), text)
      at = at + part.bytes
    end
  end
  local size = dialect.mti == "bcd" and 2 or 4
  if at + size > tvb:len() then return fault("here should be a message type") end
  local mti
  if dialect.mti == "bcd" then
    mti = hex_of(tvb, at, 2)
  else
    mti = characters(dialect.mti, tvb, at, 4)
  end
  if not string.match(mti, "^%d%d%d%d$") then return fault("here should be a message type") end
  tree:add(by_name["mti"], tvb(at, size), mti)
  at = at + size
  local present, shown, from = {}, "", at
  for place = 0, 2 do
    local next_at, more, hex = read_bitmap(tvb, at, place, present)
    if not next_at then return fault("here should be a bitmap") end
    at, shown = next_at, shown .. hex
    if not more and not (dialect.bitmap.always_double and place == 0) then break end
  end
  tree:add(by_name["bitmap"], tvb(from, at - from), shown)
  for _, number in ipairs(present) do
    local field = dialect.fields[number]
    if not field then return fault("the dialect has no field " .. number) end
    local next_at, why = read_field(number, field, tvb, at, mti, tree)
    if not next_at then return fault("field " .. number .. ": " .. why) end
    at = next_at
  end
  if at < tvb:len() then return fault(tvb:len() - at .. " bytes are left over") end
  pinfo.cols.info = dialect.title .. " " .. mti
  return tvb:len()
end

local function length(tvb, pinfo, at)
  local frame = dialect.frame
  local said = number_of(frame.encoding, tvb, at, frame.bytes) or 0
  if frame.counts_itself and said > 0 then return math.max(said, frame.bytes) end
  return said + frame.bytes
end

local function one(tvb, pinfo, root)
  -- A length of zero keeps the connection alive.
  if tvb:len() <= dialect.frame.bytes then return tvb:len() end
  return message(tvb, pinfo, root)
end

function proto.dissector(tvb, pinfo, root)
  -- Over HTTP, what comes is the body of one message.
  if dialect.media then return one(tvb, pinfo, root) end
  dissect_tcp_pdus(tvb, root, dialect.frame.bytes, length, one)
  return tvb:len()
end

if dialect.media then
  DissectorTable.get("media_type"):add(dialect.media, proto)
else
  DissectorTable.get("tcp.port"):add_for_decode_as(proto)
end
