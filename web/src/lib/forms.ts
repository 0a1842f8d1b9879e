import type { FieldValues, Path, UseFormSetError } from "react-hook-form";

import type { ApiError } from "./api/problem";

/**
 * Puts the mistakes the server found on the fields they belong to. `known` lists the form's fields;
 * what fits none of them is returned, to be shown above the form.
 */
export function setFormErrors<T extends FieldValues>(error: Pick<ApiError, "fields">, setError: UseFormSetError<T>, known: readonly Path<T>[]): string[] {
  const rest: string[] = [];
  let first = true;
  for (const { field, message } of error.fields) {
    const path = known.find((name) => name === field);
    if (!path) {
      rest.push(`${field}: ${message}`);
      continue;
    }
    setError(path, { type: "server", message }, { shouldFocus: first });
    first = false;
  }
  return rest;
}
