// OpenAI chat completions as they go over the wire: what a request must look like, and the JSON and
// the server-sent events of a reply. Pure functions; model-server.mjs does the sending.
import { randomBytes } from 'node:crypto';

const PARAMETERS = new Set([
  'messages', 'model', 'audio', 'frequency_penalty', 'function_call', 'functions', 'logit_bias',
  'logprobs', 'max_completion_tokens', 'max_tokens', 'metadata', 'modalities', 'n',
  'parallel_tool_calls', 'prediction', 'presence_penalty', 'prompt_cache_key',
  'prompt_cache_retention', 'reasoning_effort', 'response_format', 'safety_identifier', 'seed',
  'service_tier', 'stop', 'store', 'stream', 'stream_options', 'temperature', 'tool_choice', 'tools',
  'top_logprobs', 'top_p', 'user', 'verbosity', 'web_search_options',
]);
const ROLES = new Set(['developer', 'system', 'user', 'assistant', 'tool', 'function']);

function error(status, message, { type = 'invalid_request_error', param = null, code = null } = {}) {
  return { status, body: { error: { message, type, param, code } } };
}

function badNumber(json, name, min, max, integer = false) {
  const value = json[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || (integer && !Number.isInteger(value))) {
    return error(400, `Invalid type for '${name}': expected a number.`, { param: name, code: 'invalid_type' });
  }
  if (value < min || value > max) {
    return error(400, `Invalid '${name}': ${value} is outside ${min}..${max}.`, { param: name, code: 'invalid_value' });
  }
  return null;
}

function badStop(stop) {
  if (stop === undefined || stop === null || typeof stop === 'string') return null;
  const fine = Array.isArray(stop) && stop.length >= 1 && stop.length <= 4
    && stop.every((s) => typeof s === 'string' && s !== '');
  return fine ? null : error(400, "Invalid 'stop': one to four strings.", { param: 'stop', code: 'invalid_value' });
}

function badMessages(messages) {
  if (!Array.isArray(messages) || messages.length === 0) {
    return error(400, "Invalid 'messages': empty array.", { param: 'messages', code: 'empty_array' });
  }
  for (const [i, m] of messages.entries()) {
    const at = { param: `messages[${i}]`, code: 'invalid_value' };
    if (!m || !ROLES.has(m.role)) return error(400, `Invalid value for messages[${i}].role.`, at);
    const parts = Array.isArray(m.content) && m.content.every((p) => p && typeof p.type === 'string');
    const none = m.role === 'assistant' && m.content == null && m.tool_calls;
    if (typeof m.content !== 'string' && !parts && !none) {
      return error(400, `Invalid type for 'messages[${i}].content'.`, at);
    }
  }
  return null;
}

function badFormat(format) {
  if (format === undefined) return null;
  const at = { param: 'response_format', code: 'invalid_value' };
  if (!format || !['text', 'json_object', 'json_schema'].includes(format.type)) {
    return error(400, "Invalid 'response_format.type'.", at);
  }
  if (format.type !== 'json_schema') return null;
  const named = format.json_schema && /^[a-zA-Z0-9_-]{1,64}$/.test(format.json_schema.name ?? '');
  return named ? null : error(400, "Missing required parameter: 'response_format.json_schema.name'.", at);
}

function badStreamOptions(json) {
  if (json.stream_options == null) return null;
  if (json.stream === true) return null;
  return error(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    { param: 'stream_options' });
}

const textOf = (content) => (typeof content === 'string' ? content
  : Array.isArray(content) ? content.map((p) => p.text ?? '').join('') : '');

/** What the provider refuses before it runs anything: null, or {status, body}. */
function checkCaller(headers) {
  const [scheme, key] = (headers.authorization ?? '').split(' ');
  if (scheme !== 'Bearer' || !key) return error(401, "You didn't provide an API key.");
  if (key.startsWith('sk-bad')) return error(401, 'Incorrect API key provided.', { code: 'invalid_api_key' });
  return undefined;
}

function checkRequest({ headers, json }) {
  const stranger = checkCaller(headers);
  if (stranger) return stranger;
  if (!(headers['content-type'] ?? '').startsWith('application/json') || json === undefined) {
    return error(400, 'We could not parse the JSON body of your request.');
  }
  for (const name of Object.keys(json)) {
    if (!PARAMETERS.has(name)) return error(400, `Unrecognized request argument supplied: ${name}`);
  }
  if (typeof json.model !== 'string' || json.model === '') return error(400, 'you must provide a model parameter');
  if (json.max_tokens != null && json.max_completion_tokens != null) {
    return error(400, "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.");
  }
  return badMessages(json.messages) ?? badNumber(json, 'temperature', 0, 2) ?? badNumber(json, 'top_p', 0, 1)
    ?? badNumber(json, 'max_tokens', 1, 1e9, true) ?? badNumber(json, 'max_completion_tokens', 1, 1e9, true)
    ?? badStop(json.stop) ?? badFormat(json.response_format) ?? badStreamOptions(json);
}

const usageOf = (u) => ({
  prompt_tokens: u.input,
  completion_tokens: u.output,
  total_tokens: u.input + u.output,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0,
  },
});

/** The reply to a request without `stream`. */
function reply({ json, text, finish, usage }) {
  return {
    id: `chatcmpl-${randomBytes(12).toString('hex')}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: json.model,
    choices: [{
      index: 0,
      message: { role: 'assistant', content: text, refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: finish,
    }],
    usage: usageOf(usage),
    service_tier: 'default',
    system_fingerprint: 'fp_44709d6fcb',
  };
}

/** The frames of a streamed reply, in order, each {kind: open|delta|close, bytes}. */
function frames({ json, pieces, finish, usage }) {
  const head = {
    id: `chatcmpl-${randomBytes(12).toString('hex')}`,
    object: 'chat.completion.chunk',
    created: Math.floor(Date.now() / 1000),
    model: json.model,
    service_tier: 'default',
    system_fingerprint: 'fp_44709d6fcb',
  };
  const counted = json.stream_options?.include_usage === true;
  const chunk = (choices, total = null) => `data: ${JSON.stringify({
    ...head, choices, ...(counted ? { usage: total } : {}), obfuscation: randomBytes(3).toString('hex'),
  })}\n\n`;
  const choice = (delta, reason = null) => [{ index: 0, delta, logprobs: null, finish_reason: reason }];
  return [
    { kind: 'open', bytes: chunk(choice({ role: 'assistant', content: '', refusal: null })) },
    ...pieces.map((content) => ({ kind: 'delta', bytes: chunk(choice({ content })) })),
    { kind: 'close', bytes: chunk(choice({}, finish)) },
    ...(counted ? [{ kind: 'close', bytes: chunk([], usageOf(usage)) }] : []),
    { kind: 'close', bytes: 'data: [DONE]\n\n' },
  ];
}

const TYPES = { 400: 'invalid_request_error', 401: 'authentication_error', 403: 'permission_error', 404: 'invalid_request_error',
  408: 'timeout', 413: 'invalid_request_error', 422: 'invalid_request_error', 429: 'requests' };
const CODES = { 401: 'invalid_api_key', 404: 'model_not_found', 429: 'rate_limit_exceeded' };

export const openai = {
  name: 'openai',
  path: '/chat/completions',
  checkCaller,
  checkRequest,
  reply,
  frames,
  userText: (json) => textOf(json.messages.filter((m) => m.role === 'user').at(-1)?.content),
  promptText: (json) => json.messages.map((m) => textOf(m.content)).join('\n'),
  wantsJson: (json) => (json.response_format?.type === 'json_schema' ? json.response_format.json_schema.schema ?? {}
    : null),
  finishReasons: { stop: 'stop', length: 'length', content_filter: 'content_filter' },
  headers: () => ({
    'x-request-id': `req_${randomBytes(16).toString('hex')}`,
    'openai-version': '2020-10-01',
    'openai-processing-ms': '12',
  }),
  failure: (status, message = `Scripted ${status}`) => error(status, message,
    { type: TYPES[status] ?? 'server_error', code: CODES[status] ?? null }).body,
  /** How this provider reports a failure inside a stream that has begun. */
  errorFrame: () => `data: ${JSON.stringify({
    error: { message: 'The server had an error processing your request.', type: 'server_error', param: null, code: null },
  })}\n\n`,
  /** Things a reader must step over: comments, unknown fields and events, fields it has not met. */
  unknownFrames: () => [
    ': a comment\n\n',
    'retry: 3000\n\n',
    'event: telemetry\ndata: {"kind":"telemetry","n":1}\n\n',
    'id: 7\nunknown-field: x\ndata: {"object":"chat.completion.chunk.v2","choices":[],"new_field":{"a":[1,2]}}\n\n',
  ],
  models: (ids) => ({
    object: 'list',
    data: ids.map((id) => ({ id, object: 'model', created: 1686935002, owned_by: 'scripted' })),
  }),
};
