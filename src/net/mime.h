/*
 * MIME: one mail as it goes over the wire. Pure.
 *
 * Text and HTML say the same (multipart/alternative, RFC 2046 5.1.4). What stands in a header is
 * checked or encoded (RFC 5322, RFC 2047), so nothing that somebody typed can begin a header, a
 * recipient or a part.
 */
#pragma once

#include "base/buf.h"
#include "base/id.h"

enum { AG_MIME_MAX_BYTES = 256 * 1024 };

struct ag_mime_mail {
    struct ag_uuid id; /* makes Message-ID and boundary; of version 7, its moment is Date */
    struct ag_str from_name, from; /* the name may be empty */
    struct ag_str to;
    struct ag_str subject;
    struct ag_str text, html; /* UTF-8, lines end with '\n' */
};

/* Appends the whole message, every line ended by CRLF and at most 998 bytes (RFC 5322 2.1.1).
 * AG_E_INVALID: an address that is none, or a control character in name or subject;
 * AG_E_TOO_LARGE, AG_E_NO_MEMORY. */
enum ag_err ag_mime_write(const struct ag_mime_mail *mail, struct ag_buf *out) AG_MUST_USE;

/* AG_OK when `address` is a plain `local@domain` of printable ASCII without what has a meaning in a
 * header or to a mail server: no quotes, brackets, commas, spaces. AG_E_INVALID. */
enum ag_err ag_mime_check_address(struct ag_str address) AG_MUST_USE;
/* Reads "Name <local@domain>", "<local@domain>" or "local@domain"; slices of `text`.
 * AG_E_INVALID. */
enum ag_err ag_mime_parse_mailbox(struct ag_str text, struct ag_str *ret_name,
                                  struct ag_str *ret_address) AG_MUST_USE;
