// Everything an upstream can do to its client, by name. Each behaviour gets one call (see Call in
// model-server.mjs) and plays it to the end; the same name works for a stream and for a JSON reply.
const MiB = 1024 * 1024;

/** The ordinary reply, at the pace the script asks for. */
async function answer(call) {
  if (!await call.sleep(call.script.first_delay)) return;
  call.begin();
  for (const unit of call.units) {
    if (unit.kind === 'delta' && !await call.sleep(call.script.delay)) return;
    if (!await call.write(unit.bytes)) return;
  }
  call.end();
}

/** Sends the opening and `script.after` pieces; false when the client left meanwhile. */
async function partly(call) {
  call.begin();
  let left = call.script.after;
  for (const unit of call.units) {
    if (unit.kind === 'close') return true;
    if (unit.kind === 'delta' && left-- <= 0) return true;
    if (unit.kind === 'delta' && !await call.sleep(call.script.delay)) return false;
    if (!await call.write(unit.bytes)) return false;
  }
  return true;
}

/** Lets what was written reach the client before the connection is cut. */
const settle = (call) => call.sleep(60);

async function status(call) {
  const { status: code, retry_after: retryAfter, message } = call.script;
  const headers = { 'content-type': 'application/json' };
  if (retryAfter !== undefined) headers['retry-after'] = retryAfter;
  call.begin(code, headers);
  call.end(JSON.stringify(call.wire.failure(code, message)));
}

async function silent(call) {
  await call.gone;
}

async function silentAfterHeaders(call) {
  call.begin();
  call.res.flushHeaders();
  await call.gone;
}

async function silentMidstream(call) {
  if (await partly(call)) await call.gone;
}

/** One byte at a time, for ever for a reader that waits: never idle, never done. */
async function slowDrip(call) {
  if (!await partly(call)) return;
  const drops = call.stream ? ': keep waiting\n' : '                ';
  for (;;) {
    for (const byte of drops) {
      if (!await call.sleep(call.script.drip) || !await call.write(byte)) return;
    }
  }
}

async function resetBefore(call) {
  call.reset();
}

async function closeBefore(call) {
  call.socket.end();
  call.finish();
}

async function resetAfterHeaders(call) {
  call.begin();
  call.res.flushHeaders();
  if (await settle(call)) call.reset();
}

async function resetMidstream(call) {
  if (await partly(call) && await settle(call)) call.reset();
}

/** A reply that ends in good order on the connection, and in the middle of what it says. */
async function noTerminator(call) {
  if (await partly(call)) call.end();
}

/** The finish reason arrives and the end of the stream is well framed, but the last event is missing. */
async function noFinalEvent(call) {
  call.begin();
  for (const unit of call.units.slice(0, -1)) if (!await call.write(unit.bytes)) return;
  call.end();
}

/** Promises more bytes than it sends, then closes. */
async function shortBody(call) {
  const body = Buffer.from(call.body());
  call.begin(200, { 'content-length': String(body.length + 1000) });
  call.res.write(body.subarray(0, Math.floor(body.length / 2)));
  if (!await settle(call)) return;
  call.socket.end();
  call.finish();
}

async function html(call) {
  call.begin(200, { 'content-type': call.script.content_type ?? 'text/html; charset=utf-8' });
  call.end('<!doctype html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n');
}

/** A JSON document cut short inside a string: the whole reply, or one event of a stream. */
async function truncatedJson(call) {
  if (call.stream) {
    if (!await partly(call)) return;
    const whole = call.units.find((u) => u.kind === 'delta').bytes.trimEnd();
    await call.write(`${whole.slice(0, -12)}\n\n`);
    call.end();
    return;
  }
  call.begin();
  call.end(call.body().slice(0, -25));
}

const BAD_BYTES = Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80]);

/** Bytes that are no UTF-8, inside the text. */
async function invalidUtf8(call) {
  const spoil = (bytes) => {
    const whole = Buffer.from(bytes);
    const at = whole.indexOf(call.pieces[0]);
    return Buffer.concat([whole.subarray(0, at + 1), BAD_BYTES, whole.subarray(at + 1)]);
  };
  call.begin();
  for (const unit of call.stream ? call.units : [{ bytes: call.body() }]) {
    const first = !call.stream || unit === call.units.find((u) => u.kind === 'delta');
    if (!await call.write(first ? spoil(unit.bytes) : unit.bytes)) return;
  }
  call.end();
}

/** A correct reply whose every byte travels in a TCP segment of its own. */
async function bytewise(call) {
  call.begin();
  for (const unit of call.units) {
    for (const byte of Buffer.from(unit.bytes)) {
      if (!await call.write(Buffer.from([byte])) || !await call.turn()) return;
    }
  }
  call.end();
}

/** One line, or one JSON string, of `script.size` bytes. */
async function hugeLine(call) {
  const block = Buffer.alloc(64 * 1024, 'x');
  const [before, after] = call.stream
    ? ['data: {"choices":[{"index":0,"delta":{"content":"', '"},"finish_reason":null}]}\n\n']
    : ['{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"', '"}}]}'];
  call.begin();
  if (!await call.write(before)) return;
  for (let sent = 0; sent < call.script.size; sent += block.length) if (!await call.write(block)) return;
  await call.write(after);
  call.end();
}

/** Pieces without an end, as fast as they are taken. */
async function endless(call) {
  const opening = call.units.filter((u) => u.kind === 'open');
  const delta = call.units.find((u) => u.kind === 'delta').bytes;
  const unit = Buffer.from(call.stream ? delta.repeat(Math.ceil(Math.min(call.script.size, 64 * 1024) / delta.length))
    : ' '.repeat(64 * 1024));
  call.begin();
  for (const u of opening) if (!await call.write(u.bytes)) return;
  while (await call.write(unit) && await call.sleep(call.script.delay));
}

/** Between the expected events, ones the reader has never met; CRLF line ends as well. */
async function unknownEvents(call) {
  call.begin();
  if (!call.stream) {
    const body = { surprise: { list: [1, { deep: null }] }, ...JSON.parse(call.body()), another: 'new' };
    call.end(JSON.stringify(body));
    return;
  }
  for (const [i, unit] of call.units.entries()) {
    const extra = i === 0 ? [] : call.wire.unknownFrames();
    for (const bytes of i < call.units.length - 1 ? [...extra, unit.bytes] : [unit.bytes]) {
      if (!await call.write(bytes.replaceAll('\n', i % 2 ? '\r\n' : '\n'))) return;
    }
  }
  call.end();
}

async function errorEvent(call) {
  if (!call.stream) {
    call.begin();
    call.end(JSON.stringify(call.wire.failure(500, 'The server had an error.')));
    return;
  }
  if (await partly(call) && await call.write(call.wire.errorFrame())) call.end();
}

async function redirect(call) {
  call.begin(302, { location: call.script.location ?? 'http://127.0.0.1:9/elsewhere', 'content-length': '0' });
  call.end();
}

/** Well-formed JSON of the wrong shape. */
async function wrongShape(call) {
  call.begin();
  if (!call.stream) return call.end('{"object":"surprise","choices":{"0":[]},"content":"text"}');
  await call.write('data: [1,2,3]\n\n');
  return call.end();
}

/** JSON nested far deeper than any reply. */
async function deepJson(call) {
  const deep = '['.repeat(100_000);
  call.begin();
  if (call.stream) await call.write(`data: ${deep}\n\n`);
  else await call.write(deep);
  call.end();
}

/** Header lines without an end of the header section. */
async function endlessHeaders(call) {
  call.raw('HTTP/1.1 200 OK\r\n');
  for (let i = 0; await call.turn(); i += 1) {
    if (!await call.raw(`x-filler-${i}: ${'y'.repeat(2000)}\r\n`)) return;
  }
}

/** Bytes that are not HTTP at all. */
async function notHttp(call) {
  call.raw('220 mail.example ESMTP ready\r\n');
  if (!await settle(call)) return;
  call.socket.end();
  call.finish();
}

/** Name in a script or directive → behaviour. `refuses` has no entry: it is a port nobody listens on. */
export const behaviours = {
  answer,
  status,
  silent,
  silent_after_headers: silentAfterHeaders,
  silent_midstream: silentMidstream,
  slow_drip: slowDrip,
  reset_before: resetBefore,
  close_before: closeBefore,
  reset_after_headers: resetAfterHeaders,
  reset_midstream: resetMidstream,
  no_terminator: noTerminator,
  no_final_event: noFinalEvent,
  short_body: shortBody,
  html,
  truncated_json: truncatedJson,
  invalid_utf8: invalidUtf8,
  multibyte_split: bytewise,
  huge_line: hugeLine,
  endless,
  unknown_events: unknownEvents,
  error_event: errorEvent,
  redirect,
  wrong_shape: wrongShape,
  deep_json: deepJson,
  endless_headers: endlessHeaders,
  not_http: notHttp,
};

export const scriptDefaults = {
  fault: 'answer',
  chunks: 4,
  delay: 0, // ms before each piece
  first_delay: 0, // ms before the first byte
  after: 2, // pieces sent before a fault in the middle
  drip: 50, // ms between the bytes of slow_drip
  size: 10 * MiB, // bytes of huge_line; of one write of endless, where 64 KiB is the most
  finish: 'stop',
};
