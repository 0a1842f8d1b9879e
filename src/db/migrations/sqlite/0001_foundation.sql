-- Accounts and their organisations.
CREATE TABLE organizations (
    id          TEXT NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL,
    personal    INTEGER NOT NULL DEFAULT 0 CHECK (personal IN (0, 1)),
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id            TEXT NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL,
    email         TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    role          TEXT NOT NULL CHECK (role IN ('user', 'admin')),
    status        TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    org_id        TEXT NOT NULL REFERENCES organizations (id),
    created_at    TEXT NOT NULL,
    updated_at    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE memberships (
    org_id      TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role        TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'member', 'viewer')),
    created_at  TEXT NOT NULL,
    PRIMARY KEY (org_id, user_id)
) STRICT, WITHOUT ROWID;

-- A session is one sign-in; its tokens die with it.
CREATE TABLE sessions (
    id          TEXT NOT NULL PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    cookie_hash BLOB NOT NULL UNIQUE,
    user_agent  TEXT NOT NULL,
    ip          TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL,
    revoked_at  TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id, id);

CREATE TABLE refresh_tokens (
    hash        BLOB NOT NULL PRIMARY KEY,
    session_id  TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL,
    used_at     TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE api_keys (
    id           TEXT NOT NULL PRIMARY KEY,
    org_id       TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    hash         BLOB NOT NULL UNIQUE,
    scopes       TEXT NOT NULL CHECK (json_valid(scopes)),
    expires_at   TEXT,
    revoked_at   TEXT,
    last_used_at TEXT,
    created_at   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_by_org ON api_keys (org_id, id);

-- What happens once in the life of an installation; the first to insert the name has it.
CREATE TABLE once (
    name        TEXT NOT NULL PRIMARY KEY,
    created_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Agents and prompts.
CREATE TABLE ai_agents (
    id          TEXT NOT NULL PRIMARY KEY,
    org_id      TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT,
    config      TEXT NOT NULL CHECK (json_valid(config)),
    version     INTEGER NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
) STRICT;
CREATE INDEX ai_agents_by_org ON ai_agents (org_id, id);

CREATE TABLE prompts (
    id          TEXT NOT NULL PRIMARY KEY,
    org_id      TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    prompt_text TEXT NOT NULL,
    metadata    TEXT NOT NULL CHECK (json_valid(metadata)),
    version     INTEGER NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
) STRICT;
CREATE INDEX prompts_by_org ON prompts (org_id, id);

-- Runs. A conversation is the runs that share its id; the first one lends it its own.
-- Ids grow with time, so the key (org_id, id) is both the look-up and the newest-first list.
CREATE TABLE runs (
    org_id          TEXT NOT NULL,
    id              TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('generate', 'preview', 'validate')),
    status          TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
    user_id         TEXT NOT NULL,
    key_id          TEXT,
    agent_id        TEXT,
    agent_version   INTEGER,
    conversation_id TEXT,
    provider        TEXT NOT NULL,
    model           TEXT NOT NULL,
    error_code      TEXT,
    error_message   TEXT,
    finish_reason   TEXT,
    cached          INTEGER NOT NULL DEFAULT 0,
    input_tokens    INTEGER,
    output_tokens   INTEGER,
    latency_ms      INTEGER,
    ttft_ms         INTEGER,
    metadata        TEXT CHECK (metadata IS NULL OR json_valid(metadata)),
    input_text      TEXT,
    output_text     TEXT,
    boot_id         TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    finished_at     TEXT,
    PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_conversation ON runs (org_id, conversation_id, id)
    WHERE conversation_id IS NOT NULL AND conversation_id <> id;
CREATE INDEX runs_unfinished ON runs (id) WHERE status = 'running';

CREATE TABLE activity_logs (
    org_id      TEXT NOT NULL,
    id          TEXT NOT NULL,
    user_id     TEXT REFERENCES users (id) ON DELETE CASCADE,
    action      TEXT NOT NULL,
    details     TEXT NOT NULL CHECK (json_valid(details)),
    created_at  TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
    org_id       TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    key          TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    resource_id  TEXT NOT NULL,
    boot_id      TEXT NOT NULL,
    status       INTEGER,
    etag         TEXT,
    body         TEXT,
    created_at   TEXT NOT NULL,
    PRIMARY KEY (org_id, user_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
