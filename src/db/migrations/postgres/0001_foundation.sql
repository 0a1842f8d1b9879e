-- Accounts and their organisations.
CREATE TABLE organizations (
    id          uuid NOT NULL PRIMARY KEY,
    name        text NOT NULL,
    personal    boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);

CREATE TABLE users (
    id            uuid NOT NULL PRIMARY KEY,
    name          text NOT NULL,
    email         text NOT NULL UNIQUE,
    password_hash text,
    role          text NOT NULL CHECK (role IN ('user', 'admin')),
    status        text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    org_id        uuid NOT NULL REFERENCES organizations (id),
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

CREATE TABLE memberships (
    org_id      uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role        text NOT NULL CHECK (role IN ('owner', 'admin', 'manager', 'member', 'viewer')),
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (org_id, user_id)
);

-- A session is one sign-in; its tokens die with it.
CREATE TABLE sessions (
    id          uuid NOT NULL PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    cookie_hash bytea NOT NULL UNIQUE,
    user_agent  text NOT NULL,
    ip          text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz
);
CREATE INDEX sessions_by_user ON sessions (user_id, id);

CREATE TABLE refresh_tokens (
    hash        bytea NOT NULL PRIMARY KEY,
    session_id  uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE api_keys (
    id           uuid NOT NULL PRIMARY KEY,
    org_id       uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         text NOT NULL,
    prefix       text NOT NULL,
    hash         bytea NOT NULL UNIQUE,
    scopes       jsonb NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    created_at   timestamptz NOT NULL
);
CREATE INDEX api_keys_by_org ON api_keys (org_id, id);

-- What happens once in the life of an installation; the first to insert the name has it.
CREATE TABLE once (
    name        text NOT NULL PRIMARY KEY,
    created_at  timestamptz NOT NULL
);

-- Agents and prompts.
CREATE TABLE ai_agents (
    id          uuid NOT NULL PRIMARY KEY,
    org_id      uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name        text NOT NULL,
    description text,
    config      jsonb NOT NULL,
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
CREATE INDEX ai_agents_by_org ON ai_agents (org_id, id);

CREATE TABLE prompts (
    id          uuid NOT NULL PRIMARY KEY,
    org_id      uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    prompt_text text NOT NULL,
    metadata    jsonb NOT NULL,
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
CREATE INDEX prompts_by_org ON prompts (org_id, id);

-- Runs. A conversation is the runs that share its id; the first one lends it its own.
-- Ids grow with time, so the key (org_id, id) is both the look-up and the newest-first list.
CREATE TABLE runs (
    org_id          uuid NOT NULL,
    id              uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('generate', 'preview', 'validate')),
    status          text NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
    user_id         uuid NOT NULL,
    key_id          uuid,
    agent_id        uuid,
    agent_version   bigint,
    conversation_id uuid,
    provider        text NOT NULL,
    model           text NOT NULL,
    error_code      text,
    error_message   text,
    finish_reason   text,
    cached          boolean NOT NULL DEFAULT false,
    input_tokens    bigint,
    output_tokens   bigint,
    latency_ms      bigint,
    ttft_ms         bigint,
    metadata        jsonb,
    input_text      text,
    output_text     text,
    boot_id         uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX runs_by_conversation ON runs (org_id, conversation_id, id)
    WHERE conversation_id IS NOT NULL AND conversation_id <> id;
CREATE INDEX runs_unfinished ON runs (id) WHERE status = 'running';

CREATE TABLE activity_logs (
    org_id      uuid NOT NULL,
    id          uuid NOT NULL,
    user_id     uuid REFERENCES users (id) ON DELETE CASCADE,
    action      text NOT NULL,
    details     jsonb NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE TABLE idempotency_keys (
    org_id       uuid NOT NULL,
    user_id      uuid NOT NULL,
    key          text NOT NULL,
    request_hash bytea NOT NULL,
    resource_id  uuid NOT NULL,
    boot_id      uuid NOT NULL,
    status       bigint,
    etag         text,
    body         text,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (org_id, user_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
