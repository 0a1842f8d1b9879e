#!/usr/bin/env python3
"""Packs the web pages into the program: compressed with brotli and gzip, in a table sorted by path.

    pack_assets.py --blob OUT.bin --table OUT.c --blob-path PATH --site FOLDER [--absent FILE]
                   [--depfile OUT.d] [--cache DIR] URL=FILE[@CSP]...
    pack_assets.py --policies FOLDER

FOLDER is an export of Next.js; without it FILE is the only page, or it is an error. The blob holds
every form, the table names them (struct ag_asset of http/static.h). The table takes the blob in by
`.incbin` under --blob-path, relative to where the compiler runs. The same input gives the same
bytes, and what has not changed is not written. Compressed forms are kept in --cache by their
content, because brotli at its best takes seconds and a project has many build folders.

--policies writes PAGE.html.csp beside each page of an export: what `agentgen --web-dir` reads.
"""
import argparse
import gzip
import hashlib
import os
import re
import sys
import tempfile
import time

from page_policy import EXTRA, extra_hashes, page_policy

# As the types of src/http/site_dir.c; tests/unit/test_assets.c compares.
TYPES = {
    '.avif': 'image/avif',
    '.css': 'text/css; charset=utf-8',
    '.gif': 'image/gif',
    '.html': 'text/html; charset=utf-8',
    '.ico': 'image/x-icon',
    '.jpg': 'image/jpeg',
    '.js': 'text/javascript; charset=utf-8',
    '.json': 'application/json',
    '.png': 'image/png',
    '.svg': 'image/svg+xml',
    '.txt': 'text/plain; charset=utf-8',
    '.webmanifest': 'application/manifest+json',
    '.webp': 'image/webp',
    '.woff2': 'font/woff2',
    '.xml': 'application/xml',
}
COMPRESSED_ALREADY = {'.avif', '.gif', '.jpg', '.png', '.webp', '.woff2'}
NOT_PACKED = {'.map', '.csp'}
EVERY_EXPORT = '404.html'  # a page that every export has
# Names below these hold a hash of what they name.
IMMUTABLE = ('/_next/static/chunks/', '/_next/static/media/', '/_next/static/css/')
CACHE_DAYS = 30  # a form that nobody asked for since is dropped

# What our own pages may do. Nothing is inline, nothing comes from elsewhere, nobody frames them.
POLICIES = {
    # Swagger UI: its style sheet and the reset buttons of its forms hold images as data.
    'explorer': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'file': "default-src 'none'; frame-ancestors 'none'",
}

# A reference to a file that is not packed would be a request for nothing.
SOURCE_MAP = re.compile(rb'\s*(?://# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+?\s*\*/)\s*\Z')


def brotli_compress(data):
    try:
        import brotli
    except ImportError:
        sys.exit('pack_assets: the Python module brotli is missing: run `make deps`')
    return brotli.compress(data, quality=11, lgwin=22)


def gzip_compress(data):
    return gzip.compress(data, compresslevel=9, mtime=0)


def cached(cache, digest, suffix, compress, data):
    """The compressed form out of the cache, or a new one that is put there."""
    path = os.path.join(cache, digest + suffix) if cache else None
    if path:
        try:
            with open(path, 'rb') as f:
                packed = f.read()
            os.utime(path)
            return packed
        except OSError:
            pass
    packed = compress(data)
    if path:
        try:
            os.makedirs(cache, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=cache, delete=False) as f:
                f.write(packed)
            os.replace(f.name, path)
        except OSError:
            pass  # a cache that cannot be written only costs time
    return packed


def drop_old(cache):
    """Forgets compressed forms of builds long gone."""
    before = time.time() - CACHE_DAYS * 86400
    try:
        for entry in os.scandir(cache):
            if entry.stat().st_mtime < before:
                os.unlink(entry.path)
    except OSError:
        pass  # another build was faster


def c_string(text):
    escaped = text.replace('\\', '\\\\').replace('"', '\\"')
    return '"' + escaped + '"'


def read_plain(path):
    try:
        with open(path, 'rb') as f:
            data = f.read()
    except OSError as error:
        sys.exit(f'pack_assets: {error}: run `make deps`')
    return SOURCE_MAP.sub(b'\n', data)


def pack_one(url, extension, data, policy, cache, blob):
    """Adds the forms of a file to the blob; its row of the table."""
    if extension not in TYPES:
        sys.exit(f'pack_assets: {url}: no content type is known for {extension or "no extension"}')
    digest = hashlib.sha256(data).hexdigest()
    forms = {'plain': data}
    if extension not in COMPRESSED_ALREADY:
        gzipped = cached(cache, digest, '.gz', gzip_compress, data)
        if len(gzipped) < len(data):
            forms = {'gzip': gzipped}
            brotli = cached(cache, digest, '.br', brotli_compress, data)
            if len(brotli) < len(gzipped):
                forms['br'] = brotli
    row = {'url': url, 'type': TYPES[extension], 'etag': digest[:20], 'plain_bytes': len(data),
           'immutable': url.startswith(IMMUTABLE), 'csp': policy, 'forms': {}}
    for name, form in sorted(forms.items()):
        row['forms'][name] = (len(blob), len(form))
        blob += form
    return row


def own_file(spec, cache, blob):
    url, _, rest = spec.partition('=')
    path, _, policy = rest.partition('@')
    extension = os.path.splitext(path)[1] or os.path.splitext(url)[1]
    return pack_one(url, extension, read_plain(path), POLICIES[policy or 'file'], cache, blob)


def site_files(folder):
    """(path in the site, path on disk) of what an export serves."""
    for at, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(at, name)
            url = '/' + os.path.relpath(path, folder).replace(os.sep, '/')
            if name.startswith('.') or os.path.splitext(name)[1] in NOT_PACKED or url == '/' + EXTRA:
                continue
            yield url, path


def pack_site(folder, cache, blob):
    extra = extra_hashes(folder)
    rows = []
    for url, path in site_files(folder):
        data = read_plain(path)
        html = url.endswith('.html')
        policy = page_policy(path, data, extra) if html else POLICIES['file']
        rows.append(pack_one(url, os.path.splitext(url)[1], data, policy, cache, blob))
    return rows


def write_policies(folder):
    extra = extra_hashes(folder)
    for url, path in site_files(folder):
        if url.endswith('.html'):
            with open(path, 'rb') as page:
                policy = page_policy(path, page.read(), extra)
            with open(path + '.csp', 'w', encoding='ascii') as f:
                f.write(policy + '\n')


HEAD = '''/* Generated by tools/pack_assets.py. */
#include "web/assets.h"

__asm__(".section .rodata\\n"
        ".balign 16\\n"
        "ag_web_blob:\\n"
        ".incbin \\"%s\\"\\n"
        ".byte 0\\n"
        ".previous\\n");
extern const uint8_t ag_web_blob[];

static const struct ag_asset assets[] = {
'''

ROW = '''    {
        .path = %(path)s,
        .content_type = %(type)s,
        .etag = %(etag)s,
        .immutable = %(immutable)s,
        .csp = %(csp)s,%(forms)s
        .plain_bytes = %(plain_bytes)d,
    },
'''

FORM = '''
        .%s = ag_web_blob + %d,'''
LENGTH = '''
        .%s_bytes = %d,'''


def table(rows, blob_path):
    text = HEAD % blob_path
    for row in rows:
        forms = ''.join(FORM % (name, at) + (LENGTH % (name, length) if name != 'plain' else '')
                        for name, (at, length) in row['forms'].items())
        text += ROW % {'path': c_string(row['url']), 'type': c_string(row['type']),
                       'etag': c_string('"' + row['etag'] + '"'), 'csp': c_string(row['csp']),
                       'immutable': 'true' if row['immutable'] else 'false',
                       'plain_bytes': row['plain_bytes'], 'forms': forms}
    return text + ('};\nconst struct ag_asset_table ag_web_assets = {\n    .assets = assets,\n'
                   f'    .count = {len(rows)},\n}};\n')


def write_changed(path, data):
    try:
        with open(path, 'rb') as f:
            if f.read() == data:
                return
    except OSError:
        pass
    with open(path, 'wb') as f:
        f.write(data)


def write_depfile(path, output, folder):
    """An export is made whole: its folder and its page change with it. Without one, the folder
    that it would appear in does."""
    watched = [folder, os.path.join(folder, EVERY_EXPORT)]
    if not os.path.exists(watched[1]):
        while not os.path.isdir(folder):
            folder = os.path.dirname(folder)
        watched = [folder]
    names = ' '.join(name.replace('$', '$$').replace('#', '\\#').replace(' ', '\\ ')
                     for name in watched)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(f'{output}: {names}\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--policies')
    parser.add_argument('--blob')
    parser.add_argument('--table')
    parser.add_argument('--blob-path')
    parser.add_argument('--site')
    parser.add_argument('--absent')
    parser.add_argument('--depfile')
    parser.add_argument('--cache')
    parser.add_argument('files', nargs='*', metavar='URL=FILE[@CSP]')
    args = parser.parse_args()
    if args.policies:
        return write_policies(args.policies)
    blob = bytearray()
    rows = [own_file(spec, args.cache, blob) for spec in sorted(args.files)]
    if os.path.exists(os.path.join(args.site, EVERY_EXPORT)):
        rows += pack_site(args.site, args.cache, blob)
    elif args.absent:
        rows.append(own_file('/index.html=' + args.absent, args.cache, blob))
    else:
        sys.exit('pack_assets: a release holds the web pages, and they are not built: '
                 'run scripts/web.sh first')
    rows.sort(key=lambda row: row['url'].encode())
    if args.cache:
        drop_old(args.cache)
    write_depfile(args.depfile, args.table, args.site)
    write_changed(args.blob, blob)
    write_changed(args.table, table(rows, args.blob_path).encode())


if __name__ == '__main__':
    main()
