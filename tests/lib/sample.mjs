// A body that a route's schema accepts, made of its OpenAPI document: required fields alone.
import { absentId } from './expect.mjs';

function resolve(document, schema) {
  return schema.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)] : schema;
}

function text(schema, unique) {
  if (schema.format === 'email') return `${unique}@mail.test`;
  if (schema.format === 'uuid') return absentId(7);
  if (schema.format === 'date-time') return new Date(Date.now() + 3_600_000).toISOString();
  return (schema.examples?.[0] ?? unique).padEnd(schema.minLength ?? 0, 'x').slice(0, schema.maxLength ?? Infinity);
}

function value(document, schema, unique) {
  const it = resolve(document, schema);
  if (it.enum) return it.enum[0];
  const type = [it.type].flat().find((t) => t !== 'null');
  switch (type) {
    case 'string': return text(it, unique);
    case 'integer': case 'number': return it.minimum ?? 1;
    case 'boolean': return false;
    case 'array': return Array.from({ length: it.minItems ?? 0 }, () => value(document, it.items, unique));
    default: return Object.fromEntries((it.required ?? []).map((name) => [name, value(document, it.properties[name], unique)]));
  }
}

/** The smallest body of an operation, or undefined when it takes none. `unique` is in all its texts. */
export function sampleBody(document, { method, path }, unique) {
  const operation = document.paths[path]?.[method.toLowerCase()];
  const schema = operation?.requestBody?.content['application/json']?.schema;
  return schema && value(document, schema, unique);
}
