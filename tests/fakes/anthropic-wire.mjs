// Anthropic messages as they go over the wire: what a request must look like, and the JSON and the
// server-sent events of a reply. Pure functions; model-server.mjs does the sending.
import { randomBytes } from 'node:crypto';

const PARAMETERS = new Set([
  'model', 'messages', 'max_tokens', 'container', 'context_management', 'inference_geo', 'mcp_servers',
  'metadata', 'output_config', 'output_format', 'service_tier', 'stop_sequences', 'stream', 'system',
  'temperature', 'thinking', 'tool_choice', 'tools', 'top_k', 'top_p', 'cache_control',
]);

const requestId = () => `req_${randomBytes(12).toString('hex')}`;

function failure(type, message) {
  return { type: 'error', error: { type, message }, request_id: requestId() };
}

const refuse = (message) => ({ status: 400, body: failure('invalid_request_error', message) });

function badNumber(json, name, min, max, integer = false) {
  const value = json[name];
  if (value === undefined) return null;
  if (typeof value !== 'number' || (integer && !Number.isInteger(value))) {
    return refuse(`${name}: Input should be a valid ${integer ? 'integer' : 'number'}`);
  }
  if (value < min || value > max) return refuse(`${name}: range: ${min}..${max}`);
  return null;
}

const textOf = (content) => (typeof content === 'string' ? content
  : Array.isArray(content) ? content.map((b) => b.text ?? '').join('') : '');

function badMessages(messages) {
  if (!Array.isArray(messages)) return refuse('messages: Field required');
  if (messages.length === 0) return refuse('messages: at least one message is required');
  for (const [i, m] of messages.entries()) {
    if (!m || !['user', 'assistant'].includes(m.role)) {
      return refuse(`messages.${i}.role: Input should be 'user' or 'assistant'`);
    }
    const blocks = Array.isArray(m.content) && m.content.every((b) => b && typeof b.type === 'string');
    if (typeof m.content !== 'string' && !blocks) return refuse(`messages.${i}.content: Field required`);
    if (textOf(m.content) === '' && !(m.role === 'assistant' && i === messages.length - 1)) {
      return refuse(`messages.${i}: all messages must have non-empty content`);
    }
  }
  return messages[0].role === 'user' ? null : refuse('messages: first message must use the "user" role');
}

function badSystem(system) {
  if (system === undefined || typeof system === 'string') return null;
  const blocks = Array.isArray(system) && system.every((b) => b?.type === 'text' && b.text);
  return blocks ? null : refuse('system: Input should be a valid string or a list of text blocks');
}

function badStop(stop) {
  if (stop === undefined) return null;
  if (!Array.isArray(stop) || stop.some((s) => typeof s !== 'string')) {
    return refuse('stop_sequences: Input should be a valid list');
  }
  return stop.some((s) => s.trim() === '') ? refuse('stop_sequences: each stop sequence must contain non-whitespace')
    : null;
}

/** What the provider refuses before it runs anything: null, or {status, body}. */
function checkCaller(headers) {
  const key = headers['x-api-key'];
  if (!key) return { status: 401, body: failure('authentication_error', 'x-api-key header is required') };
  if (key.startsWith('sk-bad')) return { status: 401, body: failure('authentication_error', 'invalid x-api-key') };
  const version = headers['anthropic-version'];
  if (!version) return refuse('anthropic-version: header is required');
  if (version !== '2023-06-01') return refuse(`anthropic-version: "${version}" is not a valid version`);
  return undefined;
}

function checkRequest({ headers, json }) {
  const stranger = checkCaller(headers);
  if (stranger) return stranger;
  if (!(headers['content-type'] ?? '').startsWith('application/json') || json === undefined) {
    return refuse('The request body is not valid JSON');
  }
  for (const name of Object.keys(json)) {
    if (!PARAMETERS.has(name)) return refuse(`${name}: Extra inputs are not permitted`);
  }
  if (typeof json.model !== 'string' || json.model === '') return refuse('model: Field required');
  if (json.max_tokens === undefined) return refuse('max_tokens: Field required');
  return badNumber(json, 'max_tokens', 1, 1e9, true) ?? badNumber(json, 'temperature', 0, 1)
    ?? badNumber(json, 'top_p', 0, 1) ?? badNumber(json, 'top_k', 0, 1e6, true)
    ?? badSystem(json.system) ?? badStop(json.stop_sequences) ?? badMessages(json.messages);
}

const message = (json, content, stop, usage) => ({
  id: `msg_${randomBytes(12).toString('hex')}`,
  type: 'message',
  role: 'assistant',
  model: json.model,
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage: {
    input_tokens: usage.input,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: usage.output,
    service_tier: 'standard',
  },
});

/** The reply to a request without `stream`. */
function reply({ json, text, finish, usage }) {
  return message(json, [{ type: 'text', text }], finish, usage);
}

const event = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

/** The frames of a streamed reply, in order, each {kind: open|delta|close, bytes}. */
function frames({ json, pieces, finish, usage }) {
  const start = message(json, [], null, { input: usage.input, output: 1 });
  return [
    { kind: 'open', bytes: event({ type: 'message_start', message: start }) },
    { kind: 'open', bytes: event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }) },
    { kind: 'open', bytes: event({ type: 'ping' }) },
    ...pieces.map((text) => ({
      kind: 'delta',
      bytes: event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
    })),
    { kind: 'close', bytes: event({ type: 'content_block_stop', index: 0 }) },
    {
      kind: 'close',
      bytes: event({
        type: 'message_delta',
        delta: { stop_reason: finish, stop_sequence: null },
        usage: { output_tokens: usage.output },
      }),
    },
    { kind: 'close', bytes: event({ type: 'message_stop' }) },
  ];
}

const TYPES = { 400: 'invalid_request_error', 401: 'authentication_error', 403: 'permission_error',
  404: 'not_found_error', 408: 'timeout_error', 413: 'request_too_large', 422: 'invalid_request_error', 429: 'rate_limit_error',
  529: 'overloaded_error' };

export const anthropic = {
  name: 'anthropic',
  path: '/messages',
  checkCaller,
  checkRequest,
  reply,
  frames,
  userText: (json) => textOf(json.messages.filter((m) => m.role === 'user').at(-1)?.content),
  promptText: (json) => [textOf(json.system), ...json.messages.map((m) => textOf(m.content))].join('\n'),
  wantsJson: () => null,
  finishReasons: { stop: 'end_turn', length: 'max_tokens', content_filter: 'refusal' },
  headers: () => ({ 'request-id': requestId(), 'anthropic-organization-id': '0b6b7a3e-6a35-4d6b-a5ef-2d6a4f9a6a11' }),
  failure: (status, text = `Scripted ${status}`) => failure(TYPES[status] ?? 'api_error', text),
  /** How this provider reports a failure inside a stream that has begun. */
  errorFrame: () => event({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
  /** Things a reader must step over: pings, comments, event and delta types it has not met. */
  unknownFrames: () => [
    ': a comment\n\n',
    event({ type: 'ping' }),
    event({ type: 'telemetry', n: 1 }),
    event({ type: 'content_block_delta', index: 0, delta: { type: 'citation_hint_delta', citation: { a: [1, 2] } } }),
    'id: 7\nunknown-field: x\nevent: brand_new\ndata: {"type":"brand_new"}\n\n',
  ],
  models: (ids) => ({
    data: ids.map((id) => ({ type: 'model', id, display_name: id, created_at: '2025-02-19T00:00:00Z' })),
    has_more: false,
    first_id: ids[0] ?? null,
    last_id: ids.at(-1) ?? null,
  }),
};
